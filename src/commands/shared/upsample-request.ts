import { resolve } from 'node:path';
import { namedBy, resumeRules } from '../../core/settings/resume-rules.ts';
import type { Settings } from '../../core/settings/settings-schema.ts';
import type { MappedFolder } from '../../core/spec/path-map.ts';
import { upsampleSettingsFrom } from '../../core/upsample/upsample-settings.ts';
import { usageError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import type { UpsampleRequest } from '../../services/upsample/batch-upsample.ts';
import { type GivenRunFlags, selectionIn } from './run-flags.ts';

/** Holds a folder for each format of an export, where none is named; what lies there are no specs. */
export const exportsFolder = 'outputs/export';

/** @param inputs - Absolute paths. */
export function toUpsampleRequest(
  inputs: readonly string[],
  { settings, ports }: { readonly settings: Settings; readonly ports: Pick<Ports, 'host'> },
  flags: GivenRunFlags,
): UpsampleRequest {
  if (inputs.length === 0)
    throw usageError('No specs were given.', 'Give a folder of PromptSpecs: cosmos batch-upsample ./specs');
  // An unknown host is refused before anything is planned or written.
  ports.host(flags.host ?? 'local');
  const outputDir = resolve(settings.upsampling.output_dir);
  return {
    inputs,
    settings: upsampleSettingsFrom(settings, {
      outputDir,
      host: flags.host ?? 'local',
      workers: flags.workers ?? null,
      writeBack: flags['write-back'] ?? false,
      force: flags.force ?? false,
      allowTextOnly: flags['allow-text-only'] ?? false,
      ...selectionIn(flags),
      named: namedBy(resumeRules.upsample, flags),
    }),
    mappedFolders: mappedFoldersOf(settings),
    excluded: [outputDir, resolve(exportsFolder), settings.upsampling.checkpoint_dir],
  };
}

/** Folders of this machine are named from where the program runs. */
export function mappedFoldersOf({ paths }: Settings): readonly MappedFolder[] {
  return Object.entries(paths.map).map(([from, to]) => ({ from, to: resolve(to) }));
}
