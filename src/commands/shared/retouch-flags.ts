import { join, parse, resolve } from 'node:path';
import { Flags, type Interfaces } from '@oclif/core';
import { containerOf } from '../../core/frames/container-limits.ts';
import { parseRegion, regionForm } from '../../core/regions/region-text.ts';
import { retoucherKinds } from '../../core/retouch/retouch-settings.ts';
import { workersOf } from '../../core/settings/host-named.ts';
import type { SettingsLayer } from '../../core/settings/resolve-settings.ts';
import { namedBy, resumeRules } from '../../core/settings/resume-rules.ts';
import type { Settings } from '../../core/settings/settings-schema.ts';
import { usageError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import type { RetouchRequest } from '../../services/retouch/retouch-operation.ts';
import { queueLayerOf, withoutMissing } from './run-flags.ts';
import { upscaleFlags } from './upscale-flags.ts';

const pixels = (description: string, max: number) =>
  Flags.integer({ min: 0, max, helpValue: 'PIXELS', description });

const { crf, preset, host, queue, store, force } = upscaleFlags;

/** Flags that decide what is made of a video. No defaults here: those are the settings'. */
export const retouchFlags = {
  output: Flags.string({
    char: 'o',
    description: 'the finished video: .mp4, .mov or .mkv (default: clip-retouched.mp4 beside clip.mp4)',
    helpValue: 'PATH',
  }),
  region: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    description:
      'where to work, in pixels or percent of the picture as shown, and when: seconds, h:mm:ss.mmm or frames (120f); may be repeated',
    helpValue: regionForm,
    parse: async (text) => {
      const region = parseRegion(text);
      if (typeof region !== 'string') return text;
      throw usageError(`--region ${text}: ${region}`, `Write ${regionForm}, such as 10%,80%,80%,15%@5-12.5`);
    },
  }),
  mask: Flags.string({
    description:
      'where to work: a picture or a video that is white there and black elsewhere, stretched over the picture as shown',
    helpValue: 'FILE',
  }),
  engine: Flags.string({
    options: [...retoucherKinds],
    description: 'what happens there: blur (the default), pixelize or solid (one colour)',
  }),
  strength: Flags.integer({
    min: 1,
    max: 1000,
    description: 'of blur and pixelize, in percent of what is usual (default: 100)',
    helpValue: 'PERCENT',
  }),
  color: Flags.string({
    description: 'of solid, such as #000000 (the default)',
    helpValue: '#RRGGBB',
    parse: async (text) => {
      if (/^#[0-9a-f]{6}$/i.test(text)) return text.toLowerCase();
      throw usageError(`--color ${text}: no colour.`, 'Write it as #rrggbb, such as #000000 for black.');
    },
  }),
  dilate: pixels('so many pixels around a region are processed, too (default: 4)', 1024),
  feather: pixels('over so many pixels around those the result fades into the picture (default: 8)', 1024),
  crf,
  preset,
  ...{ host, queue, store, force },
  'keep-going': Flags.boolean({
    default: false,
    description: 'do what can be read of a damaged video, instead of refusing it',
  }),
  'checkpoint-dir': upscaleFlags['checkpoint-dir'],
};

export type GivenRetouchFlags = Partial<Interfaces.InferredFlags<typeof retouchFlags>>;

export function retouchLayerOf(flags: GivenRetouchFlags): SettingsLayer {
  const { engine, strength, color, dilate, feather } = flags;
  const retouching = {
    engine,
    strength,
    color,
    dilate,
    feather,
    crf: flags.crf,
    preset: flags.preset,
  };
  return {
    source: 'the command line',
    values: {
      retouching: withoutMissing(retouching),
      upsampling: withoutMissing({ checkpoint_dir: flags['checkpoint-dir'] }),
      ...queueLayerOf(flags),
    },
  };
}

export function toRetouchRequest(
  video: string | undefined,
  flags: GivenRetouchFlags,
  { settings, ports }: { readonly settings: Settings; readonly ports: Pick<Ports, 'host'> },
): RetouchRequest {
  const example = 'For example: cosmos retouch clip.mp4 --region 10%,80%,80%,15%';
  if (video === undefined) throw usageError('No video was named.', example);
  const regions = flags.region ?? [];
  if (regions.length === 0 && flags.mask === undefined) throw usageError('No region was named.', example);
  const hostName = flags.host ?? 'local';
  // An unknown host is refused before anything is planned.
  ports.host(hostName);
  return {
    inputPath: resolve(video),
    outputPath: resolve(flags.output ?? besideOf(video)),
    modelPath: null,
    host: hostName,
    slots: workersOf(settings, hostName),
    retouching: settings.retouching,
    regions,
    maskPath: flags.mask === undefined ? null : resolve(flags.mask),
    isForced: flags.force ?? false,
    isKeptGoing: flags['keep-going'] ?? false,
    named: namedBy(resumeRules.retouch, flags),
  };
}

/** `clip-retouched.mp4` beside `clip.mp4`; what cannot be written in its own container goes into Matroska. */
function besideOf(video: string): string {
  const { dir, name, ext } = parse(video);
  return join(dir, `${name}-retouched${containerOf(video) === null ? '.mkv' : ext}`);
}
