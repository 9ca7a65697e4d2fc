import type { LibraryModel } from '../../ports/model-library.ts';

/** What `cosmos models --json` prints. */
export function modelsDocument(models: readonly LibraryModel[], userFolder: string) {
  return {
    version: 1,
    user_folder: userFolder,
    models: models.map(({ name, scales, origin, source, licence, sizeBytes, isInstalled, speed }) => ({
      ...{ name, origin, scales, source, licence },
      size_bytes: sizeBytes,
      is_installed: isInstalled,
      speed: speed && {
        scale: speed.scale,
        megapixels_per_second: speed.megapixelsPerSecond,
        measured_at: speed.measuredAt,
      },
    })),
  };
}
