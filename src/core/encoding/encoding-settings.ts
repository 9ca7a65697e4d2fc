import { z } from 'zod';
import { codecChoices, type VideoCodec, videoCodecs } from './codecs.ts';

/** Names that become arguments of ffmpeg. */
const name = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,31}$/);

/** How the frames of a run are encoded, frozen in its checkpoint. Of H.264 by x264 with its quality only the first five are there. */
export const encodingSettingsSchema = z.object({
  /** Null where the size is governed by something else. */
  crf: z.number().min(0).max(63).nullable(),
  preset: name,
  threads: z.int().min(1).max(128),
  is_cpu_independent: z.boolean().optional(),
  /** Missing: `h264`. */
  codec: z.enum(videoCodecs).exactOptional(),
  /** ffmpeg's name; missing: `libx264`. */
  encoder: name.exactOptional(),
  qp: z.int().min(0).max(255).exactOptional(),
  /** Bits a second. */
  bitrate: z.int().min(1000).exactOptional(),
  /** As asked for; missing: what is nearest to the source. */
  pixel_format: name.exactOptional(),
  /** Each as `name=value`. */
  options: z.array(z.string().max(200)).max(100).exactOptional(),
});

export type EncodingSettings = z.infer<typeof encodingSettingsSchema>;

/** What `config.toml` says of encoding, for each kind of run that makes a video. */
export const encodingConfigShape = {
  codec: z.enum(codecChoices).default('auto'),
  encoder: z
    .string()
    .regex(/^([a-z0-9][a-z0-9_-]{0,31})?$/, 'must be the name of an encoder such as "libx265" or "nvenc"')
    .default(''),
  crf: z
    .union([z.literal('auto'), z.number().min(0).max(63)], {
      error: 'must be "auto" or a number from 0 to 63',
    })
    .default('auto'),
  qp: z
    .union([z.literal('off'), z.int().min(0).max(255)], {
      error: 'must be "off" or a whole number from 0 to 255',
    })
    .default('off'),
  bitrate: z
    .string()
    .regex(/^(\d{1,9}(\.\d{1,3})?[kM]?)?$/, 'must be bits a second, such as "8M" or "800k"')
    .default(''),
  preset: name.default('medium'),
  pixel_format: z
    .string()
    .regex(/^([a-z0-9]{1,31})?$/, 'must be a pixel format of ffmpeg such as "yuv420p10le"')
    .default(''),
  encoder_options: z.array(z.string().max(200)).max(100).default([]),
};

/** The same as a table. */
export const encodingConfigSchema = z.object(encodingConfigShape);
export type EncodingConfig = z.infer<typeof encodingConfigSchema>;

/** What is asked for where nothing is said. */
export const usualEncoding: EncodingConfig = encodingConfigSchema.parse({});

/** A run's encoding in the shape of `config.toml`. */
export function configOfEncoding(encoding: EncodingSettings): EncodingConfig {
  const { crf, qp, bitrate, preset } = encoding;
  return {
    codec: codecOf(encoding),
    encoder: encoderOf(encoding),
    crf: crf ?? 'auto',
    qp: qp ?? 'off',
    bitrate: bitrate === undefined ? '' : String(bitrate),
    preset,
    pixel_format: encoding.pixel_format ?? '',
    encoder_options: [...(encoding.options ?? [])],
  };
}

export function codecOf({ codec }: Pick<EncodingSettings, 'codec'>): VideoCodec {
  return codec ?? 'h264';
}

/** ffmpeg's name of it. */
export function encoderOf({ encoder }: Pick<EncodingSettings, 'encoder'>): string {
  return encoder ?? 'libx264';
}

/** `8M` as bits a second. */
export function bitsPerSecond(text: string): number {
  const unit = { k: 1_000, M: 1_000_000 }[text.slice(-1)] ?? 1;
  return Math.round(Number.parseFloat(text) * unit);
}

/** The encoding of a run as the settings have it by now: what they leave to the video stays as it was decided. */
export function encodingNow(was: EncodingSettings, now: EncodingConfig): EncodingSettings {
  const before = configOfEncoding(was);
  const isLeft = now.codec === 'auto' || now.codec === 'copy-like';
  const codec = isLeft ? before.codec : now.codec;
  const encoder = now.encoder === '' ? before.encoder : now.encoder;
  const isUsual = codec === 'h264' && encoder === 'libx264';
  const { threads, is_cpu_independent: isIndependent } = was;
  return {
    crf: now.crf === 'auto' ? was.crf : now.crf,
    // `medium` is what every encoder calls its usual one.
    preset: now.preset === 'medium' ? was.preset : now.preset,
    threads,
    ...(isIndependent === undefined ? {} : { is_cpu_independent: isIndependent }),
    ...(isUsual ? {} : { codec: codec as VideoCodec, encoder }),
    ...(now.qp === 'off' ? {} : { qp: now.qp }),
    ...(now.bitrate === '' ? {} : { bitrate: bitsPerSecond(now.bitrate) }),
    ...(now.pixel_format === '' ? {} : { pixel_format: now.pixel_format }),
    ...(now.encoder_options.length === 0 ? {} : { options: [...now.encoder_options] }),
  };
}
