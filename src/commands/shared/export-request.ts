import { resolve } from 'node:path';
import { Flags, type Interfaces } from '@oclif/core';
import { batchFormat } from '../../core/inference/exported-specs.ts';
import { familyNames } from '../../core/inference/families.ts';
import type { SettingsLayer } from '../../core/settings/resolve-settings.ts';
import type { Settings } from '../../core/settings/settings-schema.ts';
import { usageError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import type { ExportRequest } from '../../services/inference/export-specs.ts';
import type { BatchExportRequest } from '../../services/upsample/export-batch.ts';
import { inferenceFlags, inferenceLayerOf } from './inference-flags.ts';
import { type GivenRunFlags, planFlags, selectionFlags, settingsLayerOf } from './run-flags.ts';
import { exportsFolder, mappedFoldersOf, toUpsampleRequest } from './upsample-request.ts';

/** What decides the requests for enriched prompts. */
const requestFlags = {
  model: planFlags.model,
  estimator: planFlags.estimator,
  'max-resolution': planFlags['max-resolution'],
  'auto-resize': planFlags['auto-resize'],
  variants: planFlags.variants,
  'allow-text-only': planFlags['allow-text-only'],
};

/** Flags of `export`: where to, and what decides a model's samples, or a batch's requests. */
export const exportFlags = {
  format: Flags.option({
    options: [...familyNames, batchFormat],
    description: 'format to write (default: inference.family)',
  })(),
  'output-dir': Flags.string({
    description: 'folder for the files (default: outputs/export/FORMAT)',
    helpValue: 'DIR',
  }),
  copy: Flags.boolean({
    default: false,
    description: 'copy the videos into that folder',
    exclusive: ['link'],
  }),
  link: Flags.boolean({ default: false, description: 'link the videos into that folder' }),
  force: Flags.boolean({ default: false, description: 'replace an existing export' }),
  ...selectionFlags,
  ...inferenceFlags,
  ...requestFlags,
};

type ExportFlags = Interfaces.InferredFlags<typeof exportFlags>;

export function toSamplesRequest(
  inputs: readonly string[],
  settings: Settings,
  flags: ExportFlags,
): ExportRequest {
  const { parameters, control_weights: weights } = settings.inference;
  const family = familyNames.find((name) => name === flags.format) ?? settings.inference.family;
  return {
    ...placesOf(settings, flags, family),
    ...{ inputs, family, parameters, weights },
    selection: { only: flags.only ?? [], skip: flags.skip ?? [], limit: flags.limit ?? null },
    bringing: flags.copy ? 'copy' : flags.link ? 'link' : 'nothing',
    mappedFolders: mappedFoldersOf(settings),
  };
}

export function toBatchRequest(
  inputs: readonly string[],
  opened: { readonly settings: Settings; readonly ports: Pick<Ports, 'host'> },
  flags: ExportFlags,
): BatchExportRequest {
  const { force: _, 'output-dir': _folder, ...requested } = flags;
  const request = toUpsampleRequest(inputs, opened, requested as GivenRunFlags);
  const { engine } = request.settings;
  const { excluded, ...places } = placesOf(opened.settings, flags, batchFormat);
  return {
    ...{ ...request, ...places, excluded: [places.outputDir, ...request.excluded, ...excluded] },
    // The requests go elsewhere: no server of the settings is asked what it takes.
    settings: { ...request.settings, engine: { ...engine, base_url: null } },
  };
}

function placesOf({ upsampling }: Settings, flags: ExportFlags, format: string) {
  return {
    outputDir: resolve(flags['output-dir'] ?? `${exportsFolder}/${format}`),
    isForced: flags.force,
    excluded: [resolve(exportsFolder), upsampling.checkpoint_dir],
  };
}

/** The flags as a layer over the settings files. @throws AppError `usage-invalid` for one that would do nothing. */
export function exportLayerOf(flags: ExportFlags): SettingsLayer {
  const isBatch = flags.format === batchFormat;
  assertFlagsFit(flags, isBatch);
  if (!isBatch) return inferenceLayerOf(flags);
  const { 'output-dir': _, ...requested } = flags;
  return settingsLayerOf({ ...(requested as GivenRunFlags), engine: 'openai' });
}

function assertFlagsFit(flags: ExportFlags, isBatch: boolean): void {
  const { map: _, ...sampling } = inferenceFlags;
  const foreign = isBatch ? { copy: true, link: true, ...sampling } : requestFlags;
  const isGiven = (flag: string, value: unknown) =>
    value !== undefined && (value !== false || flag === 'auto-resize');
  const given = Object.entries(flags).filter(([flag, value]) => isGiven(flag, value));
  const [name] = given.map(([flag]) => flag).filter((flag) => flag in foreign);
  if (name === undefined) return;
  throw usageError(
    `--${name} has no effect ${isBatch ? `for --format ${batchFormat}, whose requests hold their frames` : `without --format ${batchFormat}`}.`,
    `Leave out --${name}.`,
  );
}
