import { basename, dirname, join, parse, resolve } from 'node:path';
import type { Fraction } from '../../core/frames/fraction.ts';
import { isPicturePattern, parseFrameRate, usualFrameRate } from '../../core/frames/picture-series.ts';
import { shellQuoted } from '../../core/run/shell-quoted.ts';
import { workersOf } from '../../core/settings/host-named.ts';
import { namedBy, resumeRules } from '../../core/settings/resume-rules.ts';
import type { Settings } from '../../core/settings/settings-schema.ts';
import { isPictureName, mediaKindOf } from '../../core/video-set/name-outputs.ts';
import { usageError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import { findPictures } from '../../services/upscale/find-pictures.ts';
import type { UpscaleRequest } from '../../services/video/video-types.ts';
import type { VideoSetRequest } from '../../services/video-set/set-types.ts';
import { besideVideo } from './encoding-flags.ts';
import type { GivenUpscaleFlags } from './upscale-flags.ts';

export type OpenedUpscale = {
  readonly settings: Settings;
  readonly ports: Pick<Ports, 'host' | 'parallelism' | 'sources' | 'modelLibrary' | 'video'>;
};

/** What is asked for: one video, or several. */
export type AskedUpscale =
  | { readonly isSet: false; readonly request: UpscaleRequest }
  | { readonly isSet: true; readonly request: VideoSetRequest };

/** One file makes one video; several files, or a folder, make a run over several videos. */
export async function toUpscaleRequest(
  inputs: readonly string[],
  flags: GivenUpscaleFlags,
  opened: OpenedUpscale,
): Promise<AskedUpscale> {
  const [first] = inputs;
  if (first === undefined)
    throw usageError('No video was given.', 'For example: cosmos upscale clip.mp4 -o clip-2x.mp4');
  const { sources } = opened.ports;
  const common = commonRequest(flags, opened);
  const { fps = usualFrameRate, output: asked, suffix = '' } = flags;
  const usualSuffix = suffixOf(common.upscaling);
  const frameRate = frameRateOf(fps);
  const found = await findPictures({ inputs, output: asked, frameRate, suffix, usualSuffix }, opened.ports);
  if (found !== null)
    return {
      isSet: false,
      request: { ...common, ...found, ...(flags.fps !== undefined && { fps: flags.fps }) },
    };
  if (flags.fps !== undefined)
    throw usageError(
      '--fps is for numbered pictures: a video has its own rate.',
      'Leave it out, or name pictures: cosmos upscale frames/frame_%06d.png --fps 24 -o clip.mp4',
    );
  const isOneFile = inputs.length === 1 && !(await sources.isFolder(resolve(first)));
  if (!isOneFile) return { isSet: true, request: setRequest(inputs, flags, common) };
  const output = flags.output ?? besideVideo(first, suffixOf(common.upscaling), common.upscaling);
  const isIntoFolder =
    flags.output !== undefined && (/[/\\]$/.test(output) || (await sources.isFolder(resolve(output))));
  if (isIntoFolder) return { isSet: true, request: setRequest(inputs, flags, common) };
  if (mediaKindOf(first) === 'picture') {
    if (isPicturePattern(resolve(output)))
      throw usageError(
        `${output} is a pattern of several pictures, and ${first} is one.`,
        'Name the output without a number that is to be filled in.',
      );
    const pictures = setRequest(
      inputs,
      { ...flags, output: dirname(resolve(pictureOutput(first, flags, common))) },
      common,
    );
    const outputName = basename(pictureOutput(first, flags, common));
    return { isSet: true, request: { ...pictures, outputName } };
  }
  if (flags.suffix !== undefined)
    throw usageError(
      '--suffix is for outputs in a folder, and --output names one file.',
      'Name the folder with --output, or leave out --suffix.',
    );
  return { isSet: false, request: { ...common, inputPath: resolve(first), outputPath: resolve(output) } };
}

/** `photo-2x.png` beside `photo.png`. */
function pictureOutput(
  picture: string,
  { output }: GivenUpscaleFlags,
  { upscaling }: Pick<UpscaleRequest, 'upscaling'>,
): string {
  const { dir, name, ext } = parse(picture);
  return output ?? join(dir, `${name}${suffixOf(upscaling)}${isPictureName(picture) ? ext : '.png'}`);
}

function setRequest(
  inputs: readonly string[],
  flags: GivenUpscaleFlags,
  common: Omit<UpscaleRequest, 'inputPath' | 'outputPath'>,
): VideoSetRequest {
  if (flags.output === undefined) {
    const [first = '', second = ''] = inputs.map(shellQuoted);
    const asOutput = inputs.length === 2 ? `, or the output: cosmos upscale ${first} -o ${second}` : '';
    throw usageError(
      'Several videos need a folder for their outputs.',
      `Name it: cosmos upscale ${inputs.map(shellQuoted).join(' ')} -o upscaled${asOutput}`,
    );
  }
  return {
    ...common,
    inputs: [...new Set(inputs.map((input) => resolve(input)))],
    outputDir: resolve(flags.output),
    suffix: flags.suffix ?? '',
  };
}

/** Pictures a second. */
function frameRateOf(fps: string): Fraction {
  const rate = parseFrameRate(fps);
  if (rate !== null) return rate;
  throw usageError(
    `--fps ${fps}: no number of pictures a second.`,
    'For example: --fps 24, --fps 23.976 or --fps 30000/1001',
  );
}

function commonRequest(
  flags: GivenUpscaleFlags,
  { settings, ports }: OpenedUpscale,
): Omit<UpscaleRequest, 'inputPath' | 'outputPath'> {
  const host = flags.host ?? 'local';
  // An unknown host is refused before anything is planned.
  ports.host(host);
  const { upscaling } = settings;
  const usesModel = upscaling.engine === 'onnx';
  if (usesModel && upscaling.model === '')
    throw usageError(
      'The engine onnx needs a model.',
      'Give its name or its file: cosmos upscale clip.mp4 --model esrgan-slim (all names: cosmos models)',
    );
  if (!usesModel && flags.model !== undefined)
    throw usageError(
      `The engine ${upscaling.engine} uses no model, but one is given.`,
      'Leave out --model or --engine.',
    );
  return {
    modelPath: usesModel ? ports.modelLibrary.pathOf(upscaling.model, upscaling.scale) : null,
    host,
    slots: workersOf(settings, host),
    upscaling,
    isForced: flags.force ?? false,
    isKeptGoing: flags['keep-going'] ?? false,
    named: namedBy(resumeRules.upscale, flags),
  };
}

/** `-2x` of `clip-2x.mp4`. */
function suffixOf({ scale, size }: Pick<UpscaleRequest['upscaling'], 'scale' | 'size'>): string {
  return size === '' ? `-${scale}x` : `-${size.trim().toLowerCase()}`;
}
