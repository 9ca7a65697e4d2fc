import type { ExportedSpecs } from '../../core/inference/exported-specs.ts';

const version = 1;

/** `export --json`. */
export function exportDocument({ family, folder, specs, groups }: ExportedSpecs): object {
  return {
    version,
    format: family,
    folder,
    counts: { specs: specs.length, refused: specs.filter(({ refusal }) => refusal !== null).length },
    groups: groups.map(({ samples, files, command }) => ({
      specs: samples.length,
      files: files.map(({ name }) => name),
      command,
    })),
    specs,
  };
}
