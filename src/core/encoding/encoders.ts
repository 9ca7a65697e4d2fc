import type { VideoCodec } from './codecs.ts';

/** How the size of a video is governed: by a quality, by a quantizer, or by bits a second. */
export type RateControl = 'crf' | 'qp' | 'bitrate';

/** Where an encoder computes; `cpu` for one that is part of ffmpeg. */
export type EncoderDevice = 'cpu' | 'nvenc' | 'qsv' | 'vaapi' | 'videotoolbox' | 'amf';

export interface EncoderFacts {
  readonly codec: VideoCodec;
  readonly device: EncoderDevice;
  /** Names of `--preset`, from quick to thorough, and what the encoder itself calls each. Empty: it has none. */
  readonly presets: Readonly<Record<string, string>>;
  /** Which of them `medium`, the default of all, stands for. */
  readonly usualPreset: string;
  /** The quantities it can be governed by, each with its highest value; the first is the usual one. */
  readonly rates: readonly { readonly kind: RateControl; readonly max: number }[];
  /** The usual value of the first of them; null where the encoder has none to set. */
  readonly usualRate: number | null;
  /** ffmpeg's names of the pixel formats that frames can be given in, as planar ones. */
  readonly formats: readonly string[];
  /** Shortest side it takes, in pixels. */
  readonly leastSidePx: number;
}

const x264Presets = [
  'ultrafast',
  'superfast',
  'veryfast',
  'faster',
  'fast',
  'medium',
  'slow',
  'slower',
  'veryslow',
] as const;

const sameNames = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, name]));
/** The usual names, and the encoder's own numbers. @param numbers - One for each usual name, from quick to thorough. */
const numbered = (numbers: readonly number[], most: number) => ({
  ...Object.fromEntries(x264Presets.map((name, index) => [name, String(numbers[index] ?? 0)])),
  ...Object.fromEntries(Array.from({ length: most + 1 }, (_, number) => [String(number), String(number)])),
});
const upTo = (samplings: readonly string[], depths: readonly string[]) =>
  samplings.flatMap((sampling) => depths.map((depth) => `${sampling}${depth}`));

const allSamplings = ['yuv420p', 'yuv422p', 'yuv444p'];
const maxBitrate = 10_000_000_000;
const bitrate = { kind: 'bitrate', max: maxBitrate } as const;
const software = { device: 'cpu', usualPreset: 'medium', leastSidePx: 2 } as const;

const av1Rates = [{ kind: 'crf', max: 63 }, { kind: 'qp', max: 63 }, bitrate] as const;
const nvencPresets = { ...sameNames(['p1', 'p2', 'p3', 'p4', 'p5', 'p6', 'p7']) };
/** How small a picture a device takes shows when it is tried. */
const hardware = { leastSidePx: 16, usualPreset: 'medium' } as const;
const nvenc = {
  ...hardware,
  device: 'nvenc',
  presets: nvencPresets,
  usualPreset: 'p4',
  rates: [{ kind: 'crf', max: 51 }, { kind: 'qp', max: 51 }, bitrate],
  usualRate: 20,
} as const;
const qsv = {
  ...hardware,
  device: 'qsv',
  presets: sameNames(['veryfast', 'faster', 'fast', 'medium', 'slow', 'slower', 'veryslow']),
  rates: [{ kind: 'crf', max: 51 }, { kind: 'qp', max: 51 }, bitrate],
  usualRate: 20,
} as const;
const vaapi = {
  ...hardware,
  device: 'vaapi',
  presets: {},
  rates: [{ kind: 'qp', max: 51 }, bitrate],
  usualRate: 20,
} as const;
/** Of its quality, 1 to 100, more is better: what is called `qp` and `crf` elsewhere it does not have. */
const videotoolbox = {
  ...hardware,
  device: 'videotoolbox',
  presets: {},
  rates: [bitrate],
  usualRate: null,
} as const;
const amf = {
  ...hardware,
  device: 'amf',
  presets: { speed: 'speed', balanced: 'balanced', quality: 'quality' },
  usualPreset: 'balanced',
  rates: [{ kind: 'qp', max: 51 }, bitrate],
  usualRate: 20,
} as const;
const bits8 = ['yuv420p'];
const bits10 = ['yuv420p', 'yuv420p10le'];

/** Every encoder that can be asked for, by ffmpeg's name. Of the software ones of a codec the first is the usual one. */
export const encoders = {
  libx264: {
    ...software,
    codec: 'h264',
    presets: sameNames(x264Presets),
    rates: [{ kind: 'crf', max: 51 }, { kind: 'qp', max: 81 }, bitrate],
    usualRate: 18,
    formats: upTo(['gray', ...allSamplings], ['', '10le']),
  },
  libx265: {
    ...software,
    codec: 'hevc',
    presets: sameNames(x264Presets),
    rates: [{ kind: 'crf', max: 51 }, { kind: 'qp', max: 51 }, bitrate],
    usualRate: 20,
    formats: upTo(['gray', ...allSamplings], ['', '10le', '12le']),
    leastSidePx: 16,
  },
  libsvtav1: {
    ...software,
    codec: 'av1',
    presets: numbered([12, 11, 10, 9, 9, 8, 6, 5, 4], 13),
    rates: av1Rates,
    usualRate: 24,
    formats: bits10,
    leastSidePx: 64,
  },
  'libaom-av1': {
    ...software,
    codec: 'av1',
    presets: numbered([8, 8, 7, 6, 6, 5, 4, 3, 2], 8),
    rates: av1Rates,
    usualRate: 22,
    formats: upTo(allSamplings, ['', '10le', '12le']),
    leastSidePx: 16,
  },
  'libvpx-vp9': {
    ...software,
    codec: 'vp9',
    presets: numbered([8, 7, 6, 5, 4, 3, 2, 1, 0], 8),
    rates: av1Rates,
    usualRate: 24,
    formats: upTo(allSamplings, ['', '10le', '12le']),
  },
  prores_ks: {
    ...software,
    codec: 'prores',
    presets: { proxy: '0', lt: '1', standard: '2', hq: '3', '4444': '4', '4444xq': '5' },
    usualPreset: 'hq',
    rates: [],
    usualRate: null,
    formats: ['yuv422p10le', 'yuv444p10le'],
    leastSidePx: 16,
  },
  ffv1: {
    ...software,
    codec: 'ffv1',
    presets: {},
    rates: [],
    usualRate: null,
    formats: upTo(['gray', ...allSamplings], ['', '10le', '12le', '16le']),
  },
  h264_nvenc: { ...nvenc, codec: 'h264', formats: [...bits8, 'yuv444p'] },
  hevc_nvenc: { ...nvenc, codec: 'hevc', formats: bits10 },
  av1_nvenc: {
    ...nvenc,
    codec: 'av1',
    formats: bits10,
    rates: [{ kind: 'crf', max: 63 }, { kind: 'qp', max: 255 }, bitrate],
  },
  h264_qsv: { ...qsv, codec: 'h264', formats: bits8 },
  hevc_qsv: { ...qsv, codec: 'hevc', formats: bits10 },
  av1_qsv: { ...qsv, codec: 'av1', formats: bits10 },
  vp9_qsv: { ...qsv, codec: 'vp9', formats: bits10 },
  h264_vaapi: { ...vaapi, codec: 'h264', formats: bits8 },
  hevc_vaapi: { ...vaapi, codec: 'hevc', formats: bits10 },
  av1_vaapi: {
    ...vaapi,
    codec: 'av1',
    formats: bits10,
    rates: [{ kind: 'qp', max: 255 }, bitrate],
    usualRate: 80,
  },
  vp9_vaapi: {
    ...vaapi,
    codec: 'vp9',
    formats: bits10,
    rates: [{ kind: 'qp', max: 255 }, bitrate],
    usualRate: 80,
  },
  h264_videotoolbox: { ...videotoolbox, codec: 'h264', formats: bits8 },
  hevc_videotoolbox: { ...videotoolbox, codec: 'hevc', formats: bits10 },
  prores_videotoolbox: {
    ...videotoolbox,
    codec: 'prores',
    presets: { proxy: 'proxy', lt: 'lt', standard: 'standard', hq: 'hq', '4444': '4444', '4444xq': 'xq' },
    usualPreset: 'hq',
    rates: [],
    formats: ['yuv422p10le'],
  },
  h264_amf: { ...amf, codec: 'h264', formats: bits8 },
  hevc_amf: { ...amf, codec: 'hevc', formats: bits10 },
  av1_amf: {
    ...amf,
    codec: 'av1',
    formats: bits10,
    rates: [{ kind: 'qp', max: 255 }, bitrate],
    usualRate: 80,
  },
} as const satisfies Readonly<Record<string, EncoderFacts>>;

export type EncoderName = keyof typeof encoders;

/** What is known of an encoder; null for a name that is none of these. */
export function encoderFacts(name: string): EncoderFacts | null {
  return Object.hasOwn(encoders, name) ? encoders[name as EncoderName] : null;
}

/** Names of the encoders of a codec, those of ffmpeg itself first. */
export function encodersOf(codec: VideoCodec): readonly EncoderName[] {
  return (Object.keys(encoders) as EncoderName[]).filter((name) => encoders[name].codec === codec);
}

/** The names of all presets, each once: first the usual ones, from quick to thorough. */
export const presetNames: readonly string[] = [
  ...new Set([...x264Presets, ...Object.values(encoders).flatMap(({ presets }) => Object.keys(presets))]),
];
