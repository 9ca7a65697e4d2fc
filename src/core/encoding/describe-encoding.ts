import { z } from 'zod';
import { videoCodecs } from './codecs.ts';
import { encoderFacts } from './encoders.ts';
import { codecOf, type EncodingSettings, encoderOf } from './encoding-settings.ts';

/** How a video is encoded, in documents for scripts. */
export const encodingDocumentShape = {
  /** Reports of earlier versions have neither of the first two: they are of H.264 by x264. */
  codec: z.enum(videoCodecs).default('h264'),
  encoder: z.string().default('libx264'),
  /** One of the three is a number at the most: none of a codec that has nothing to govern. */
  crf: z.number().nullable(),
  qp: z.int().nullable().default(null),
  /** Bits a second. */
  bitrate: z.int().nullable().default(null),
  preset: z.string(),
  /** Each as `name=value`. */
  encoder_options: z.array(z.string()).default([]),
};

const documentSchema = z.object(encodingDocumentShape);
type EncodingDocument = z.infer<typeof documentSchema>;

export function encodingDocument(encoding: EncodingSettings): EncodingDocument {
  const { crf, qp = null, bitrate = null, preset, options = [] } = encoding;
  return {
    codec: codecOf(encoding),
    encoder: encoderOf(encoding),
    ...{ crf, qp, bitrate, preset },
    encoder_options: [...options],
  };
}

/** How the size is governed, the preset and whatever else is not as usual: `crf 18`, `preset medium`. */
export function encodingTexts(encoding: EncodingSettings | EncodingDocument): string[] {
  const { crf, qp, bitrate, preset } = encoding;
  const encoder = encoderOf(encoding);
  const options = 'encoder_options' in encoding ? encoding.encoder_options : (encoding.options ?? []);
  const hasPresets = Object.keys(encoderFacts(encoder)?.presets ?? {}).length > 0;
  return [
    ...(encoder === 'libx264' ? [] : [encoder]),
    ...(crf === null ? [] : [`crf ${crf}`]),
    ...(typeof qp === 'number' ? [`qp ${qp}`] : []),
    ...(typeof bitrate === 'number' ? [`${bitrate / 1000} kb/s`] : []),
    ...(hasPresets ? [`preset ${preset}`] : []),
    ...options,
  ];
}
