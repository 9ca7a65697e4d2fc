import { isStandardDefinition } from '../../core/frames/choose-frame-formats.ts';
import type { Size } from '../../core/hints/display-size.ts';
import type { Clip } from '../../protocol/segment.ts';

/**
 * Codes of ITU-T H.273 for the names that ffprobe prints. ffmpeg takes the codes everywhere; of the names each of its
 * options knows only some.
 */
const primariesCodes: Readonly<Record<string, number>> = {
  bt709: 1,
  bt470m: 4,
  bt470bg: 5,
  smpte170m: 6,
  smpte240m: 7,
  film: 8,
  bt2020: 9,
  smpte428: 10,
  smpte431: 11,
  smpte432: 12,
  'jedec-p22': 22,
  ebu3213: 22,
};
const transferCodes: Readonly<Record<string, number>> = {
  bt709: 1,
  bt470m: 4,
  gamma22: 4,
  bt470bg: 5,
  gamma28: 5,
  smpte170m: 6,
  smpte240m: 7,
  linear: 8,
  log100: 9,
  log: 9,
  log316: 10,
  log_sqrt: 10,
  'iec61966-2-4': 11,
  bt1361e: 12,
  bt1361: 12,
  'iec61966-2-1': 13,
  'bt2020-10': 14,
  'bt2020-12': 15,
  smpte2084: 16,
  smpte428: 17,
  'arib-std-b67': 18,
};
const matrixCodes: Readonly<Record<string, number>> = {
  bt709: 1,
  fcc: 4,
  bt470bg: 5,
  smpte170m: 6,
  smpte240m: 7,
  bt2020nc: 9,
  bt2020c: 10,
};
/** The matrices that ffmpeg's scaler can compute with, by its names for them. */
const scalerMatrices: Readonly<Record<string, string>> = {
  bt709: 'bt709',
  fcc: 'fcc',
  bt470bg: 'bt470',
  smpte170m: 'smpte170m',
  smpte240m: 'smpte240m',
  bt2020nc: 'bt2020',
  bt2020c: 'bt2020',
};
const locationCodes: Readonly<Record<string, number>> = {
  left: 1,
  center: 2,
  topleft: 3,
  top: 4,
  bottomleft: 5,
  bottom: 6,
};

/** What a file says of its colours, as H.273 codes; null where nothing is to be said. */
interface ColorCodes {
  /** 1 limited, 2 full, as ffmpeg counts. */
  readonly range: number | null;
  readonly primaries: number | null;
  readonly transfer: number | null;
  readonly matrix: number | null;
  readonly location: number | null;
}

export function colorCodes(clip: Pick<Clip, 'color' | 'frame' | 'target'>): ColorCodes {
  const { range, space, primaries, transfer, chroma_location: location } = clip.color;
  return {
    range: range === null ? null : range === 'pc' ? 2 : 1,
    primaries: code(primariesCodes, primaries),
    transfer: code(transferCodes, transfer),
    // RGB becomes YUV by a matrix that players have to know.
    matrix: isRgbSpace(space) ? code(matrixCodes, defaultMatrix(clip.frame)) : code(matrixCodes, space),
    location: clip.target.pixel_format.startsWith('yuv420') ? code(locationCodes, location) : null,
  };
}

/** Full or limited: what is not said is limited. */
export function rangeOf(clip: Clip | null): 'pc' | 'tv' {
  return clip?.color.range === 'pc' ? 'pc' : 'tv';
}

/**
 * The matrix between the clip's YUV and RGB, by the scaler's name. It is the same in both directions, so that a clip
 * whose file does not say keeps its colours.
 */
export function scalerMatrix(clip: Clip): string {
  const named = clip.color.space === null ? undefined : scalerMatrices[clip.color.space];
  return named ?? defaultMatrix(clip.frame);
}

/** What players assume of an untagged video, by its size as stored. */
export function defaultMatrix(size: Size): 'bt709' | 'smpte170m' {
  return isStandardDefinition(size) ? 'smpte170m' : 'bt709';
}

/**
 * Options of the scale filter that keep chroma where it sits: without them it drifts by a fraction of a pixel.
 * Of formats without subsampled chroma, and of RGB, nothing is to be said.
 */
export function chromaPositions(pixelFormat: string, clip: Clip | null): readonly string[] {
  if (isRgb(pixelFormat)) return [];
  const location = clip?.color.chroma_location ?? 'left';
  const across = location.endsWith('left') ? 0 : 128;
  const down = location.startsWith('top') ? 0 : location.startsWith('bottom') ? 256 : 128;
  if (pixelFormat.startsWith('yuv420')) {
    return [
      `in_h_chr_pos=${across}`,
      `out_h_chr_pos=${across}`,
      `in_v_chr_pos=${down}`,
      `out_v_chr_pos=${down}`,
    ];
  }
  if (pixelFormat.startsWith('yuv422')) return [`in_h_chr_pos=${across}`, `out_h_chr_pos=${across}`];
  return [];
}

function code(codes: Readonly<Record<string, number>>, name: string | null): number | null {
  return name === null ? null : (codes[name] ?? null);
}

export function isRgbSpace(space: string | null): boolean {
  return space === 'gbr' || space === 'rgb';
}

/** Formats whose first plane, or a part of each pixel, is luma. All others are RGB in some order. */
const lumaPattern = /^(yuv|yvyu|yuyv|uyvy|uyyv|nv\d|p[0-9]|y[0-9]|xv|vuy|vyu|ayuv|gray|ya\d)/;

export function isRgb(pixelFormat: string): boolean {
  return !lumaPattern.test(pixelFormat);
}

/** Options of an output that say of its video how it is to be seen. */
export function colorOptions(clip: Pick<Clip, 'color' | 'frame' | 'target'>): [name: string, code: string][] {
  const { range, primaries, transfer, matrix, location } = colorCodes(clip);
  return known({
    '-color_range': range,
    '-color_primaries': primaries,
    '-color_trc': transfer,
    '-colorspace': matrix,
    '-chroma_sample_location': location,
  });
}

/** Names with their codes, those without a code left out. */
export function known(codes: Readonly<Record<string, number | null>>): [name: string, code: string][] {
  return Object.entries(codes).flatMap(([name, code]) => (code === null ? [] : [[name, String(code)]]));
}
