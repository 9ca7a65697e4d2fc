import { sampleStepSeconds, type VideoColours } from '../../core/hints/video-info.ts';
import type { HintRequest } from '../../ports/media-tool.ts';

/** Frames whose time misses the wanted one by less count as on time: time bases round. */
const toleranceSeconds = 0.001;

/**
 * Which frames to take: `spaced` ones as the request says, or the `first` ones, for clips whose times are not
 * what probing promised.
 */
export type Sampling = 'spaced' | 'first';

/**
 * The filters of one hint. Frames come out as full-range BT.601, which is what JPEG decoders assume, whatever the source
 * says of itself.
 */
export function hintFilters(request: HintRequest, sampling: Sampling): string[] {
  const { size, video } = request;
  const { width, height } = size.picture ?? size;
  const step = decimal(sampleStepSeconds(video, request.frames, request.fps));
  const select = `select=gte(t+${toleranceSeconds}\\,selected_n*${step})`;
  const matrix = video.assumedMatrix === undefined ? '' : `:in_color_matrix=${video.assumedMatrix}`;
  const scale = `scale=${width}:${height}:flags=lanczos+${exactly}${matrix}`;
  const toJpeg = 'out_color_matrix=bt601:out_range=pc';
  return [
    ...(sampling === 'spaced' ? ['setpts=PTS-STARTPTS', select] : []),
    ...(video.hdr === undefined
      ? [`${scale}:${toJpeg}`]
      : [scale, ...toneMapping(video.hdr), `scale=flags=${exactly}:${toJpeg}`]),
    'format=yuvj420p',
    ...(size.picture ? [`pad=${size.width}:${size.height}:(ow-iw)/2:(oh-ih)/2:black`] : []),
    'setsar=1',
    `setpts=N/(${decimal(request.fps)}*TB)`,
  ];
}

const exactly = 'accurate_rnd+full_chroma_int+bitexact';

/** A number without an exponent, which ffmpeg's expressions would not take. */
export function decimal(value: number): string {
  return String(Number(value.toFixed(6)));
}

/** Brightest light that is told apart, and the white of paper (ITU-R BT.2408), in candelas per square metre. */
const peakNits = 1000;
const paperNits = 203;
/** Brings paper to 81 % of a screen's white, and the middle greys to where ordinary video has them. */
const exposure = 1.6;

/** Light of a sample as a share of {@link peakNits}: steps of which the last one is it. `x` is the sample, from 0 to 1. */
const lightOf: Readonly<Record<NonNullable<VideoColours['hdr']>, readonly string[]>> = {
  // ITU-R BT.2100: the inverse of the PQ curve.
  pq: [
    'st(0,pow(x,1/78.84375))',
    `min(1,${10_000 / peakNits}*pow(max(ld(0)-0.8359375,0)/(18.8515625-18.6875*ld(0)),1/0.1593017578125))`,
  ],
  // The inverse of the HLG curve, and the system gamma of a screen with this peak, channel by channel.
  hlg: ['pow(if(lte(x,0.5),x*x/3,(exp((x-0.55991073)/0.17883277)+0.28466892)/12),1.2)'],
};

/** BT.2020's primaries in those of BT.709, for light. */
const toBt709 = [
  ...[1.6605, -0.5876, -0.0728, 0],
  ...[-0.1246, 1.1329, -0.0083, 0],
  ...[-0.0182, -0.1006, 1.1187],
];

/**
 * Brings high dynamic range into what an ordinary screen shows, with filters that every ffmpeg has: to light, to the
 * primaries of BT.709, along Reinhard's curve (in which the peak is white), and to a screen's gamma.
 */
function toneMapping(hdr: NonNullable<VideoColours['hdr']>): string[] {
  const white = (exposure * peakNits) / paperNits;
  const shown = [
    `st(0,x*${decimal(white)})`,
    `pow(ld(0)*(1+ld(0)/${decimal(white * white)})/(1+ld(0)),1/2.2)`,
  ];
  return [
    'format=gbrp16le',
    eachChannel(lightOf[hdr]),
    `colorchannelmixer=${toBt709.join(':')}`,
    eachChannel(shown),
  ];
}

/** A filter that computes each sample of 16 bits from `x`, its share of the largest. */
function eachChannel(steps: readonly string[]): string {
  const [last = 'x', ...before] = steps.toReversed();
  const all = ['st(1,val/65535)', ...before.toReversed(), `65535*(${last})`];
  const expression = all
    .join(';')
    .replaceAll(/\bx\b/g, 'ld(1)')
    .replaceAll(/[,;]/g, (sign) => `\\${sign}`);
  return `lutrgb=r=${expression}:g=${expression}:b=${expression}`;
}
