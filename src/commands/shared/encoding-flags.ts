import { join, parse } from 'node:path';
import { Flags, type Interfaces } from '@oclif/core';
import { codecChoices } from '../../core/encoding/codecs.ts';
import { presetNames } from '../../core/encoding/encoders.ts';
import type { EncodingConfig } from '../../core/encoding/encoding-settings.ts';
import { resultEnding } from '../../core/video-set/name-outputs.ts';
import { usageError } from '../../errors/app-error.ts';

/** Flags that decide how a finished video is encoded. No defaults here: those are the settings'. */
export const encodingFlags = {
  codec: Flags.string({
    options: [...codecChoices],
    description:
      'codec of the finished video (default: auto, which is h264, and vp9 in .webm); copy-like: the family of the source',
  }),
  encoder: Flags.string({
    description:
      'encoder of ffmpeg, such as libaom-av1, or hardware: nvenc, qsv, vaapi, videotoolbox, amf (default: the usual one of the codec)',
    helpValue: 'NAME',
  }),
  crf: Flags.integer({
    min: 0,
    max: 63,
    exclusive: ['qp', 'bitrate'],
    description:
      'quality of the finished video: lower is better and larger (default: auto, which is 18 for h264 and suits each codec)',
    helpValue: 'N',
  }),
  qp: Flags.integer({
    min: 0,
    max: 255,
    exclusive: ['bitrate'],
    description: 'constant quantizer instead of a quality',
    helpValue: 'N',
  }),
  bitrate: Flags.string({
    description: 'bits a second instead of a quality, such as 8M',
    helpValue: 'RATE',
    parse: async (text) => {
      if (/^\d{1,9}(\.\d{1,3})?[kM]?$/.test(text) && Number.parseFloat(text) > 0) return text;
      throw usageError(
        `--bitrate ${text}: not a number of bits a second.`,
        'Write it as 8M, 800k or 8000000.',
      );
    },
  }),
  preset: Flags.string({
    options: [...presetNames],
    description:
      'how thoroughly the video is encoded (default: medium); numbers are of AV1 and VP9, p1 to p7 of nvenc, proxy to 4444xq of ProRes',
  }),
  'pixel-format': Flags.string({
    description: 'pixel format of the finished video, such as yuv420p10le (default: nearest to the source)',
    helpValue: 'NAME',
  }),
  'encoder-option': Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    description: 'an option of the encoder, such as aq-mode=3; may be repeated',
    helpValue: 'NAME=VALUE',
  }),
};

type GivenEncodingFlags = Partial<Interfaces.InferredFlags<typeof encodingFlags>>;

/** What they say, in the shape of a table of `config.toml`. One way to govern the size takes the place of another in a file. */
export function encodingLayerOf(flags: GivenEncodingFlags) {
  const { codec, encoder, crf, qp, bitrate, preset } = flags;
  const isGoverned = crf !== undefined || qp !== undefined || bitrate !== undefined;
  return {
    codec,
    encoder,
    crf: crf ?? (isGoverned ? 'auto' : undefined),
    qp: qp ?? (isGoverned ? 'off' : undefined),
    bitrate: bitrate ?? (isGoverned ? '' : undefined),
    preset,
    pixel_format: flags['pixel-format'],
    encoder_options: flags['encoder-option'],
  };
}

/** The result's usual name, beside the video; where the video's own container cannot be written or takes no such codec, in another one. */
export function besideVideo(video: string, suffix: string, encoding: EncodingConfig): string {
  const { dir, name } = parse(video);
  return join(dir, `${name}${suffix}${resultEnding(video, encoding)}`);
}
