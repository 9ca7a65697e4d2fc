import { resolve } from 'node:path';
import { Flags, type Interfaces } from '@oclif/core';
import { parseRegion, regionForm } from '../../core/regions/region-text.ts';
import { commandWords } from '../../core/retouch/command-words.ts';
import {
  commandFormats,
  modelMasks,
  modelRangeForm,
  modelRangePattern,
  retoucherKinds,
} from '../../core/retouch/retouch-settings.ts';
import { localHostName, workersOf } from '../../core/settings/host-named.ts';
import type { SettingsLayer } from '../../core/settings/resolve-settings.ts';
import { namedBy, resumeRules } from '../../core/settings/resume-rules.ts';
import type { Settings } from '../../core/settings/settings-schema.ts';
import { usageError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import type { RetouchRequest } from '../../services/retouch/retouch-operation.ts';
import { besideVideo, encodingFlags, encodingLayerOf } from './encoding-flags.ts';
import { queueLayerOf, withoutMissing } from './run-flags.ts';
import { upscaleFlags } from './upscale-flags.ts';

const pixels = (description: string, max: number) =>
  Flags.integer({ min: 0, max, helpValue: 'PIXELS', description });

const { host, queue, store, force } = upscaleFlags;

/** Flags that decide what is made of a video. No defaults here: those are the settings'. */
export const retouchFlags = {
  output: Flags.string({
    char: 'o',
    description:
      'the finished video: .mp4, .mov, .mkv or .webm (default: clip-retouched.mp4 beside clip.mp4)',
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
  plan: Flags.string({
    description: 'where and when to work: a file of regions that --save-plan wrote and you may have edited',
    helpValue: 'FILE',
  }),
  detect: Flags.string({
    description:
      'find regions in the whole video: text, or what a detector (a YOLO export, .onnx) finds; in addition to every --region',
    helpValue: 'text|MODEL.onnx',
  }),
  'detect-class': Flags.integer({
    multiple: true,
    multipleNonGreedy: true,
    min: 0,
    description: 'number of a detector class to use (default: all); may be repeated',
    helpValue: 'NUMBER',
  }),
  'detect-confidence': Flags.string({
    description:
      'lowest score that counts, from 0 to 1 (default: auto, which is 0.8 for text and 0.4 for models)',
    helpValue: 'NUMBER',
  }),
  engine: Flags.string({
    options: [...retoucherKinds],
    description:
      'what happens there: fill (the default: what other frames or the surroundings show), blur, pixelize, solid (one colour), lanczos (sharpens), onnx (a model fills or sharpens) or command (a program)',
  }),
  strength: Flags.integer({
    min: 1,
    max: 1000,
    description: 'strength of blur, pixelize and lanczos, in percent of the usual one (default: 100)',
    helpValue: 'PERCENT',
  }),
  color: Flags.string({
    description: 'color of solid, such as #000000 (the default)',
    helpValue: '#RRGGBB',
    parse: async (text) => {
      if (/^#[0-9a-f]{6}$/i.test(text)) return text.toLowerCase();
      throw usageError(`--color ${text}: not a color.`, 'Write it as #rrggbb, such as #000000 for black.');
    },
  }),
  dilate: pixels('pixels around a region that are processed, too (default: 4)', 1024),
  feather: pixels('pixels around those over which the result fades into the picture (default: 8)', 1024),
  margin: pixels('pixels around a region that a model or a program is shown (default: 128)', 4096),
  model: Flags.string({
    description:
      'file of an ONNX model that fills, such as LaMa or MI-GAN, or that upscales; implies --engine onnx',
    helpValue: 'PATH',
  }),
  'model-mask': Flags.string({
    options: [...modelMasks],
    description: 'mask value that makes a model fill a pixel (default: auto, found by a test)',
  }),
  'model-range': Flags.string({
    description:
      "value ranges of a model's input and output, each 0..1, 0..255 or signed (default: auto, found by a test)",
    helpValue: modelRangeForm,
    parse: async (text) => {
      if (modelRangePattern.test(text)) return text;
      throw usageError(
        `--model-range ${text}: not two ranges.`,
        `Write ${modelRangeForm}, such as 0..1,0..255.`,
      );
    },
  }),
  command: Flags.string({
    description:
      'a program, with its arguments, that reads crops and masks and writes crops; implies --engine command',
    helpValue: 'WORDS',
    parse: async (text) => {
      if ((commandWords(text)?.length ?? 0) > 0) return text;
      throw usageError(
        `--command ${text}: not a command.`,
        "For example: --command 'python3 fill.py {width}'",
      );
    },
  }),
  'command-format': Flags.string({
    options: [...commandFormats],
    description: 'the pictures that a program gets: rgb24 (the default) or rgb48le',
  }),
  context: Flags.integer({
    min: 0,
    max: 64,
    description: 'frames before and after each one that a program is shown (default: 10)',
    helpValue: 'FRAMES',
  }),
  ...encodingFlags,
  ...{ host, queue, store, force },
  'keep-going': Flags.boolean({
    default: false,
    description: 'process what can be read of a damaged video instead of refusing it',
  }),
  'checkpoint-dir': upscaleFlags['checkpoint-dir'],
};

export type GivenRetouchFlags = Partial<Interfaces.InferredFlags<typeof retouchFlags>>;

export function retouchLayerOf(flags: GivenRetouchFlags): SettingsLayer {
  const { strength, color, dilate, feather, margin, model, command, context } = flags;
  const { 'detect-confidence': confidence } = flags;
  const implied = model !== undefined ? 'onnx' : command !== undefined ? 'command' : undefined;
  const retouching = {
    // Who names a model or a program means the engine that has one.
    engine: flags.engine ?? implied,
    strength,
    color,
    dilate,
    feather,
    margin,
    model,
    model_mask: flags['model-mask'],
    model_range: flags['model-range'],
    command: command === undefined ? undefined : commandWords(command),
    command_format: flags['command-format'],
    context,
    ...encodingLayerOf(flags),
    detect_confidence: confidence === undefined || confidence === 'auto' ? confidence : Number(confidence),
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
  if (video === undefined) throw usageError('No video was given.', example);
  const regions = flags.region ?? [];
  const what = detectOf(flags);
  if (regions.length === 0 && flags.mask === undefined && flags.plan === undefined && what === null)
    throw usageError('No region was given.', `${example}, or --detect text`);
  const classes = flags['detect-class'] ?? [];
  if (classes.length > 0 && (what === null || what === 'text'))
    throw usageError('--detect-class is for a detector of your own.', 'Name it with --detect MODEL.onnx.');
  const hostName = flags.host ?? 'local';
  // An unknown host is refused before anything is planned.
  ports.host(hostName);
  const { retouching } = settings;
  const { engine, model } = retouching;
  refuseWhatDoesNotFit(flags, retouching, hostName);
  return {
    inputPath: resolve(video),
    outputPath: resolve(flags.output ?? besideVideo(video, '-retouched', retouching)),
    modelPath: engine === 'onnx' ? resolve(model) : null,
    host: hostName,
    slots: workersOf(settings, hostName),
    retouching,
    regions,
    planPath: flags.plan === undefined ? null : resolve(flags.plan),
    maskPath: flags.mask === undefined ? null : resolve(flags.mask),
    commandFolder: process.cwd(),
    detect: what === null ? null : { what, classes, confidence: settings.retouching.detect_confidence },
    isForced: flags.force ?? false,
    isKeptGoing: flags['keep-going'] ?? false,
    named: namedBy(resumeRules.retouch, flags),
  };
}

/** @throws AppError `usage-invalid` for an engine without what it needs, or what an engine does not need. */
function refuseWhatDoesNotFit(
  flags: GivenRetouchFlags,
  { engine, model, command }: Settings['retouching'],
  hostName: string,
): void {
  if (engine === 'onnx' && model === '')
    throw usageError(
      'The engine onnx needs a model.',
      'Give its file: cosmos retouch clip.mp4 --region 10%,80%,80%,15% --model lama_fp32.onnx',
    );
  if (engine !== 'onnx' && flags.model !== undefined)
    throw usageError(
      `The engine ${engine} uses no model, but one is given.`,
      'Leave out --model or --engine.',
    );
  if (engine !== 'command' && flags.command !== undefined)
    throw usageError(
      `The engine ${engine} uses no program, but one is given.`,
      'Leave out --command or --engine.',
    );
  if (engine !== 'command') return;
  if (command.length === 0)
    throw usageError(
      'The engine command needs a program.',
      "Name it: cosmos retouch clip.mp4 --region 10%,80%,80%,15% --command 'python3 fill.py {width} {height}'",
    );
  // Machines of hosts, pools and queues work in containers, or where it is unknown what is installed.
  if (hostName !== localHostName)
    throw usageError(
      `The program of --command is on this machine; workers of ${hostName} have only what is in their image.`,
      'Leave out --host and --queue: the engine command works on this machine only.',
    );
}

/** `text`, or the absolute path of a detector; null where nothing is to be looked for. */
export function detectOf({ detect }: GivenRetouchFlags): string | null {
  return detect === undefined ? null : detect === 'text' ? detect : resolve(detect);
}
