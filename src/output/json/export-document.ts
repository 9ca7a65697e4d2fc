import type { ExportedSpecs } from '../../core/inference/exported-specs.ts';

const version = 1;

/** `export --json`. */
export function exportDocument({ format, folder, specs, groups, leftOut }: ExportedSpecs): object {
  return {
    version,
    format,
    folder,
    counts: { specs: specs.length, refused: specs.filter(({ refusal }) => refusal !== null).length },
    left_out: leftOut,
    groups,
    specs,
  };
}
