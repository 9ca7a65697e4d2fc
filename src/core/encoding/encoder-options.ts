import { type EncoderFacts, encoderFacts } from './encoders.ts';

/** What the value of an option may be. */
type OptionKind = 'number' | 'flag' | readonly string[];

/** Numbers with a sign, a fraction or a list of them, as encoders write lists: `1:0.5`, `-1:-1`, `0.8,1.2`. */
const numberPattern = /^-?\d{1,9}(\.\d{1,6})?([:,]-?\d{1,9}(\.\d{1,6})?){0,3}$/;

const numbers = (...names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, 'number' as const]));
const flags = (...names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, 'flag' as const]));

const x26x: Readonly<Record<string, OptionKind>> = {
  ...numbers(
    'aq-mode',
    'aq-strength',
    'bframes',
    'b-adapt',
    'deblock',
    'ipratio',
    'pbratio',
    'me-range',
    'merange',
  ),
  ...numbers(
    'psy-rd',
    'qcomp',
    'rc-lookahead',
    'ref',
    'scenecut',
    'subme',
    'keyint',
    'min-keyint',
    'qpmin',
    'qpmax',
  ),
  ...numbers('cbqpoffs', 'crqpoffs', 'vbv-bufsize', 'vbv-maxrate'),
  ...flags('weightb', 'weightp', 'mbtree', 'cutree'),
};

/**
 * Options of each encoder that a user may set, as its own documentation names them. None of them names a file or a device,
 * changes how many frames there are, or which of them begins a segment.
 */
export const encoderOptions: Readonly<Record<string, Readonly<Record<string, OptionKind>>>> = {
  libx264: {
    ...x26x,
    ...numbers('chroma-qp-offset', 'trellis', 'nr', 'deadzone-inter', 'deadzone-intra'),
    ...flags('cabac', '8x8dct', 'mixed-refs', 'fast-pskip', 'dct-decimate', 'chroma-me'),
    tune: ['film', 'animation', 'grain', 'stillimage', 'psnr', 'ssim', 'fastdecode'],
    me: ['dia', 'hex', 'umh', 'esa', 'tesa'],
    direct: ['none', 'spatial', 'temporal', 'auto'],
    'b-pyramid': ['none', 'strict', 'normal'],
    profile: ['baseline', 'main', 'high', 'high10', 'high422', 'high444'],
  },
  libx265: {
    ...x26x,
    ...numbers(
      'psy-rdoq',
      'rd',
      'rdoq-level',
      'max-merge',
      'tu-inter-depth',
      'tu-intra-depth',
      'ctu',
      'limit-refs',
    ),
    ...numbers('nr-intra', 'nr-inter', 'selective-sao', 'qg-size', 'aq-bias-strength'),
    ...flags(
      'sao',
      'strong-intra-smoothing',
      'rect',
      'amp',
      'tskip',
      'b-intra',
      'early-skip',
      'hevc-aq',
      'limit-modes',
    ),
    tune: ['psnr', 'ssim', 'grain', 'fastdecode', 'animation'],
    me: ['dia', 'hex', 'umh', 'star', 'sea', 'full'],
  },
  libsvtav1: {
    ...numbers(
      'tune',
      'film-grain',
      'film-grain-denoise',
      'keyint',
      'lookahead',
      'tile-rows',
      'tile-columns',
    ),
    ...numbers(
      'aq-mode',
      'enable-cdef',
      'enable-restoration',
      'enable-tf',
      'enable-qm',
      'qm-min',
      'qm-max',
      'scd',
    ),
    ...numbers('fast-decode', 'enable-dlf', 'min-qp', 'max-qp'),
  },
  'libaom-av1': {
    ...numbers(
      'aq-mode',
      'arnr-max-frames',
      'arnr-strength',
      'auto-alt-ref',
      'lag-in-frames',
      'denoise-noise-level',
    ),
    ...numbers('tile-columns', 'tile-rows', 'g'),
    ...flags('enable-cdef', 'enable-restoration', 'enable-global-motion', 'enable-palette', 'enable-intrabc'),
    tune: ['psnr', 'ssim'],
    usage: ['good'],
  },
  'libvpx-vp9': {
    ...numbers(
      'aq-mode',
      'arnr-maxframes',
      'arnr-strength',
      'auto-alt-ref',
      'lag-in-frames',
      'sharpness',
      'g',
    ),
    ...numbers('tile-columns', 'tile-rows', 'static-thresh', 'undershoot-pct', 'overshoot-pct', 'lossless'),
    deadline: ['best', 'good'],
    'tune-content': ['default', 'screen', 'film'],
  },
  prores_ks: {
    ...numbers('bits_per_mb', 'mbs_per_slice'),
    quant_mat: ['auto', 'default', 'proxy', 'lt', 'standard', 'hq'],
  },
  ffv1: {
    ...numbers('context', 'slices', 'g'),
    coder: ['rice', 'range_def', 'range_tab'],
    ...flags('slicecrc'),
  },
};

const deviceOptions: Readonly<Record<EncoderFacts['device'], Readonly<Record<string, OptionKind>>>> = {
  cpu: {},
  nvenc: {
    ...numbers('rc-lookahead', 'aq-strength', 'b_ref_mode', 'surfaces', 'bf', 'g', 'refs'),
    ...flags('spatial-aq', 'temporal-aq', 'no-scenecut', 'weighted_pred', 'strict_gop', 'nonref_p'),
    tune: ['hq', 'uhq', 'll', 'lossless'],
    multipass: ['disabled', 'qres', 'fullres'],
    profile: ['baseline', 'main', 'high', 'main10', 'rext', 'high444p'],
  },
  qsv: {
    ...numbers('look_ahead_depth', 'async_depth', 'bf', 'g', 'refs'),
    ...flags('look_ahead', 'extbrc', 'adaptive_i', 'adaptive_b', 'b_strategy', 'low_power'),
  },
  vaapi: { ...numbers('compression_level', 'b_depth', 'bf', 'g', 'quality'), ...flags('low_power') },
  videotoolbox: {
    ...numbers('q:v', 'bf', 'g'),
    ...flags('allow_sw', 'require_sw', 'realtime', 'frames_before', 'frames_after', 'prio_speed'),
    profile: ['baseline', 'main', 'high', 'main10'],
  },
  amf: {
    ...numbers('bf', 'g', 'max_b_frames'),
    ...flags('vbaq', 'preanalysis', 'enforce_hrd'),
    usage: ['transcoding', 'high_quality'],
  },
};

/** The options that an encoder takes here, by name. */
export function optionsOf(encoder: string): Readonly<Record<string, OptionKind>> {
  const facts = encoderFacts(encoder);
  return encoderOptions[encoder] ?? (facts ? deviceOptions[facts.device] : {});
}

/** `name=value`, split at the first sign of equality; null for anything else. */
export function splitOption(text: string): readonly [name: string, value: string] | null {
  const [, name, value] = /^([a-z0-9][a-z0-9_:-]{0,40})=(.{1,80})$/i.exec(text) ?? [];
  return name === undefined || value === undefined ? null : [name, value];
}

/** What is wrong with an option, to end a sentence; null for one that the encoder takes. */
export function optionProblem(encoder: string, text: string): string | null {
  const option = splitOption(text);
  if (!option) return 'it is not of the form NAME=VALUE';
  const [name, value] = option;
  const known = optionsOf(encoder);
  const kind = Object.hasOwn(known, name) ? known[name] : undefined;
  if (kind === undefined) return `${encoder} has no option ${name} that may be set here`;
  if (kind === 'number') return numberPattern.test(value) ? null : 'its value has to be a number';
  if (kind === 'flag') return /^[0-3]$/.test(value) ? null : 'its value has to be 0 or 1';
  return kind.includes(value) ? null : `its value has to be one of ${kind.join(', ')}`;
}
