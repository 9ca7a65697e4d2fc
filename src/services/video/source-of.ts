import type { PinnedFile, VideoCheckpoint } from '../../core/video/video-checkpoint.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import type { FileIdentity } from '../../ports/source-files.ts';

/** A file as the checkpoint keeps it. */
export function pinned({ path, sha256, sizeBytes, modifiedMs }: FileIdentity): PinnedFile {
  return { path, sha256, size_bytes: sizeBytes, modified_ms: modifiedMs };
}

/** @throws AppError `checkpoint-mismatch` when the file is another one than when the run was planned. */
export async function assertSameFile(
  file: PinnedFile,
  { sources }: Pick<Ports, 'sources'>,
  signal: AbortSignal,
): Promise<void> {
  const { path, sha256, size_bytes: sizeBytes, modified_ms: modifiedMs } = file;
  const found = await sources.identify(path, { path, sha256, sizeBytes, modifiedMs }, signal);
  if (found.sha256 === sha256) return;
  throw new AppError({
    code: 'checkpoint-mismatch',
    message: `${path} has changed since the run began.`,
    nextStep: 'Put the old file back, or start a new run.',
  });
}

/** The file whose frames are upscaled, and whose other streams go into the result. */
export function fileToRead<File>({
  source,
  retimed,
}: {
  readonly source: File;
  readonly retimed: File | null;
}): File {
  return retimed ?? source;
}

/**
 * Makes sure that the file to read is as it was when the run was planned. A copy with joined times that is gone is made
 * again.
 *
 * @throws AppError `checkpoint-mismatch`.
 */
export async function prepareFileToRead(
  { source, retimed }: Pick<VideoCheckpoint, 'source' | 'retimed'>,
  ports: Pick<Ports, 'sources' | 'video'>,
  signal: AbortSignal,
): Promise<void> {
  await assertSameFile(source, ports, signal);
  if (retimed === null) return;
  retimed.path = await ports.video.retime(
    source.path,
    await ports.video.inspect(source.path, signal),
    signal,
  );
  await assertSameFile(retimed, ports, signal);
}

/** Settings with the path of the model, as a person names it, in place of its hash. */
export function withModelPath<
  Settings extends { readonly engine: { readonly kind: string; readonly model: string | null } },
>(settings: Settings, { model }: Pick<VideoCheckpoint, 'model'>): Settings {
  return { ...settings, engine: { ...settings.engine, model: model?.path ?? null } };
}
