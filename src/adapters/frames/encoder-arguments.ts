import type { VideoCodec } from '../../core/encoding/codecs.ts';
import { splitOption } from '../../core/encoding/encoder-options.ts';
import { type EncoderFacts, encoderFacts } from '../../core/encoding/encoders.ts';
import { codecOf, encoderOf } from '../../core/encoding/encoding-settings.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Clip, Encoding } from '../../protocol/segment.ts';

type Options = readonly string[];

/** Threads of x265 that work on frames side by side: its bytes depend on the number. */
const x265FrameThreads = 3;

/**
 * The ffmpeg options by which frames of the clip's target are encoded. What the bytes depend on is said, so that all segments
 * of a video, on whatever machine, begin in the same way: threads, and that nothing of the encoder's version or of the
 * CPU is noted. Every segment is closed: none of its frames refers to one outside of it.
 *
 * @throws AppError `frames-failed` for an encoder that is not known here.
 */
export function encoderArguments(encoding: Encoding, clip: Clip): Options {
  const name = encoderOf(encoding);
  const facts = encoderFacts(name);
  if (!facts) {
    throw new AppError({
      code: 'frames-failed',
      message: `The encoder ${name} is not known to this worker.`,
      nextStep: 'Use a worker of the same version as the command.',
    });
  }
  const build = builders[name] ?? deviceBuilders[facts.device];
  return ['-c:v', name, ...build(encoding, clip, facts), '-threads', String(encoding.threads)];
}

/** The filters that bring frames to where the encoder computes; none for most. */
export function uploadFilters(encoding: Encoding, { target }: Clip): Options {
  const isVaapi = encoderFacts(encoderOf(encoding))?.device === 'vaapi';
  return isVaapi ? [`format=${/1[026]le$/.test(target.pixel_format) ? 'p010' : 'nv12'}`, 'hwupload'] : [];
}

/** Options of the program as a whole that open the encoder's device. */
export function deviceOptions(encoding: Encoding): Options {
  const isVaapi = encoderFacts(encoderOf(encoding))?.device === 'vaapi';
  return isVaapi ? ['-init_hw_device', 'vaapi=encoder', '-filter_hw_device', 'encoder'] : [];
}

/** MP4 has no place for these; QuickTime files have the same boxes otherwise. */
export function segmentMuxer(encoding: { readonly codec?: VideoCodec }): 'mp4' | 'mov' {
  return /^(prores|ffv1)$/.test(codecOf(encoding)) ? 'mov' : 'mp4';
}

/** As x264 and x265 read it. */
function hdrParams({ hdr }: Clip, names: { readonly display: string; readonly light: string }): Options {
  const { mastering = null, content_light: light = null } = hdr ?? {};
  const point = ([x, y]: readonly [number, number]) => `(${x},${y})`;
  return [
    ...(mastering === null
      ? []
      : [
          `${names.display}=G${point(mastering.green)}B${point(mastering.blue)}R${point(mastering.red)}WP${point(mastering.white)}L(${mastering.max_luminance},${mastering.min_luminance})`,
        ]),
    ...(light === null ? [] : [`${names.light}=${light.max},${light.average}`]),
  ];
}

/** SVT-AV1 reads the same with fractions. */
function av1HdrParams({ hdr }: Clip): Options {
  const { mastering = null, content_light: light = null } = hdr ?? {};
  const point = ([x, y]: readonly [number, number]) =>
    `(${(x / 50_000).toFixed(5)},${(y / 50_000).toFixed(5)})`;
  return [
    ...(mastering === null
      ? []
      : [
          `mastering-display=G${point(mastering.green)}B${point(mastering.blue)}R${point(mastering.red)}WP${point(mastering.white)}L(${mastering.max_luminance / 10_000},${mastering.min_luminance / 10_000})`,
        ]),
    ...(light === null ? [] : [`content-light=${light.max},${light.average}`]),
  ];
}

type Build = (encoding: Encoding, clip: Clip, facts: EncoderFacts) => Options;

const builders: Readonly<Record<string, Build>> = {
  libx264: (encoding, clip) => {
    const { own, params } = splitOptions(encoding, ['tune', 'profile']);
    const hdr = hdrParams(clip, { display: 'mastering-display', light: 'cll' });
    const all = [...(encoding.is_cpu_independent ? ['cpu-independent=1'] : []), ...hdr, ...params];
    return [
      ...['-preset', encoding.preset, ...rate(encoding, { crf: '-crf', qp: '-qp' }), ...own],
      ...(all.length === 0 ? [] : ['-x264-params', all.join(':')]),
    ];
  },
  libx265: (encoding, clip) => {
    const { own, params } = splitOptions(encoding, ['tune']);
    const fixed = [
      ...['info=0', 'open-gop=0', 'log-level=error', 'wpp=1'],
      ...[`frame-threads=${x265FrameThreads}`, `pools=${encoding.threads}`],
      ...hdrParams(clip, { display: 'master-display', light: 'max-cll' }),
    ];
    return [
      ...['-preset', encoding.preset, ...rate(encoding, { crf: '-crf', qp: '-qp' }), ...own],
      ...['-x265-params', [...fixed, ...params].join(':'), '-tag:v', 'hvc1'],
    ];
  },
  libsvtav1: (encoding, clip, facts) => {
    const { params } = splitOptions(encoding, []);
    const all = [`lp=${encoding.threads}`, ...av1HdrParams(clip), ...params];
    const preset = ['-preset', presetNumber(encoding, facts)];
    return [...preset, ...rate(encoding, { crf: '-crf', qp: '-qp' }), '-svtav1-params', all.join(':')];
  },
  'libaom-av1': (encoding, _clip, facts) => [
    ...['-cpu-used', presetNumber(encoding, facts), '-row-mt', '1', ...constantQuality(encoding)],
    ...ownOptions(encoding),
  ],
  'libvpx-vp9': (encoding, { target }, facts) => [
    ...['-deadline', 'good', '-cpu-used', presetNumber(encoding, facts), '-row-mt', '1'],
    ...[
      '-tile-columns',
      String(tileColumns(target.width)),
      ...constantQuality(encoding),
      ...ownOptions(encoding),
    ],
  ],
  prores_ks: (encoding, _clip, facts) => [
    ...['-profile:v', presetNumber(encoding, facts), '-vendor', 'apl0', ...ownOptions(encoding)],
  ],
  // Every frame by itself, with checksums of its parts: as archives keep it.
  ffv1: (encoding) => ['-level', '3', '-g', '1', '-slices', '4', '-slicecrc', '1', ...ownOptions(encoding)],
  prores_videotoolbox: (encoding, _clip, facts) => [
    ...['-profile:v', presetNumber(encoding, facts), ...ownOptions(encoding)],
  ],
};

const deviceBuilders: Readonly<Record<EncoderFacts['device'], Build>> = {
  cpu: (encoding) => ownOptions(encoding),
  nvenc: (encoding) => [
    ...['-preset', encoding.preset, '-forced-idr', '1', ...hvc1(encoding)],
    ...(encoding.crf === null ? [] : ['-rc', 'vbr', '-cq', String(encoding.crf), '-b:v', '0']),
    ...(encoding.qp === undefined ? [] : ['-rc', 'constqp', '-qp', String(encoding.qp)]),
    ...bitrate(encoding),
    ...ownOptions(encoding),
  ],
  qsv: (encoding) => [
    ...['-preset', encoding.preset, '-idr_interval', '0', ...hvc1(encoding)],
    ...(encoding.crf === null ? [] : ['-global_quality', String(Math.round(encoding.crf))]),
    ...(encoding.qp === undefined ? [] : ['-q:v', String(encoding.qp)]),
    ...bitrate(encoding),
    ...ownOptions(encoding),
  ],
  vaapi: (encoding) => [
    ...hvc1(encoding),
    ...(encoding.qp === undefined ? [] : ['-rc_mode', 'CQP', '-global_quality', String(encoding.qp)]),
    ...bitrate(encoding),
    ...ownOptions(encoding),
  ],
  videotoolbox: (encoding) => {
    const own = ownOptions(encoding);
    const isGoverned = encoding.bitrate !== undefined || own.includes('-q:v');
    return [...hvc1(encoding), ...(isGoverned ? bitrate(encoding) : ['-q:v', usualAppleQuality]), ...own];
  },
  amf: (encoding, _clip, facts) => [
    ...['-quality', presetNumber(encoding, facts), ...hvc1(encoding)],
    ...(encoding.qp === undefined
      ? bitrate(encoding)
      : ['-rc', 'cqp', '-qp_i', String(encoding.qp), '-qp_p', String(encoding.qp)]),
    ...ownOptions(encoding),
  ],
};

/** Of 1 to 100, where more is better. */
const usualAppleQuality = '65';

function hvc1(encoding: Encoding): Options {
  return codecOf(encoding) === 'hevc' ? ['-tag:v', 'hvc1'] : [];
}

function presetNumber({ preset }: Encoding, { presets, usualPreset }: EncoderFacts): string {
  return presets[preset] ?? presets[usualPreset] ?? preset;
}

function rate({ crf, qp, ...more }: Encoding, names: { readonly crf: string; readonly qp: string }): Options {
  return [
    ...(crf === null ? [] : [names.crf, String(crf)]),
    ...(qp === undefined ? [] : [names.qp, String(qp)]),
    ...bitrate(more),
  ];
}

function bitrate({ bitrate: bits }: Pick<Encoding, 'bitrate'>): Options {
  return bits === undefined ? [] : ['-b:v', String(bits)];
}

/** libvpx and libaom take a quality alone only where no rate is given; a quantizer is a range of one. */
function constantQuality({ crf, qp, ...more }: Encoding): Options {
  if (crf !== null) return ['-crf', String(crf), '-b:v', '0'];
  if (qp !== undefined) return ['-crf', String(qp), '-qmin', String(qp), '-qmax', String(qp), '-b:v', '0'];
  return bitrate(more);
}

/** As a power of 2; a column has at least 256 pixels. */
function tileColumns(width: number): number {
  return Math.max(0, Math.min(4, Math.floor(Math.log2(width / 256))));
}

/** Options that ffmpeg takes by themselves. */
function ownOptions({ options = [] }: Encoding): Options {
  return options.flatMap((text) => {
    const option = splitOption(text);
    return option ? [`-${option[0]}`, option[1]] : [];
  });
}

/** Options of ffmpeg by these names, and all others as the library's own list has them, where `:` parts one from the next. */
function splitOptions({ options = [] }: Encoding, names: readonly string[]) {
  const all = options.flatMap((text) => {
    const option = splitOption(text);
    return option ? [option] : [];
  });
  const own = all.filter(([name]) => names.includes(name)).flatMap(([name, value]) => [`-${name}:v`, value]);
  const params = all
    .filter(([name]) => !names.includes(name))
    .map(([name, value]) => `${name}=${value.replaceAll(':', ',')}`);
  return { own, params };
}
