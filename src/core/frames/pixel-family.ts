/** What matters of a pixel format when a like one has to be found. */
export interface PixelFamily {
  /** How chroma is kept beside luma, across and down; none for gray. RGB counts as `444`. */
  readonly sampling: 'gray' | '420' | '422' | '444' | '440' | '411' | '410';
  /** Bits of a sample. */
  readonly bits: number;
  readonly isRgb: boolean;
  readonly hasAlpha: boolean;
  /** All numbers from 0 to 255 are used; of the formats with a `j` in their name. */
  readonly isFullRange: boolean;
}

const usual = { bits: 8, isRgb: false, hasAlpha: false, isFullRange: false };
const rgb = { ...usual, sampling: '444', isRgb: true } as const;

/** Names that say little by themselves. */
const named: Readonly<Record<string, PixelFamily>> = {
  nv12: { ...usual, sampling: '420' },
  nv21: { ...usual, sampling: '420' },
  nv16: { ...usual, sampling: '422' },
  nv24: { ...usual, sampling: '444' },
  nv42: { ...usual, sampling: '444' },
  yuyv422: { ...usual, sampling: '422' },
  yvyu422: { ...usual, sampling: '422' },
  uyvy422: { ...usual, sampling: '422' },
  uyyvyy411: { ...usual, sampling: '411' },
  ayuv: { ...usual, sampling: '444', hasAlpha: true },
  uyva: { ...usual, sampling: '444', hasAlpha: true },
  vuya: { ...usual, sampling: '444', hasAlpha: true },
  vuyx: { ...usual, sampling: '444' },
  vyu444: { ...usual, sampling: '444' },
  monow: { ...usual, sampling: 'gray', isFullRange: true },
  monob: { ...usual, sampling: 'gray', isFullRange: true },
  gray: { ...usual, sampling: 'gray' },
  ya8: { ...usual, sampling: 'gray', hasAlpha: true },
  ya16: { ...usual, sampling: 'gray', bits: 16, hasAlpha: true },
  // Of the 256 colours one may be transparent; that says nothing of the video.
  pal8: rgb,
  xyz12: { ...rgb, bits: 12 },
};

/** Families of names, each with what its parts mean. */
const patterns: readonly {
  readonly name: RegExp;
  readonly family: (parts: RegExpExecArray) => PixelFamily;
}[] = [
  {
    name: /^yuv(j|a)?(420|422|444|440|411|410)p(\d+)?$/,
    family: ([, letter, sampling, bits]) => ({
      sampling: (sampling ?? '444') as PixelFamily['sampling'],
      bits: Number(bits ?? 8),
      isRgb: false,
      hasAlpha: letter === 'a',
      isFullRange: letter === 'j',
    }),
  },
  { name: /^gray(?:f)?(\d+)$/, family: ([, bits]) => ({ ...usual, sampling: 'gray', bits: Number(bits) }) },
  {
    // p010 and nv20, y210, xv30: names of hardware, where the first digit is the sampling and the others are the bits.
    name: /^(?:p|y|nv|xv|v)(0|2|3|4)(0|10|12|16|0x)$/,
    family: ([name, digit, bits]) => ({
      ...usual,
      sampling: name.startsWith('nv') || digit === '2' ? '422' : digit === '0' ? '420' : '444',
      bits: bits === '0' || bits === '0x' ? 10 : Number(bits),
    }),
  },
  { name: /^xv(36|48)$/, family: ([, bits]) => ({ ...usual, sampling: '444', bits: Number(bits) / 3 }) },
  { name: /^ayuv64$/, family: () => ({ ...usual, sampling: '444', bits: 16, hasAlpha: true }) },
  {
    name: /^gbr(a)?p(?:f)?(\d+)?$/,
    family: ([, alpha, bits]) => ({ ...rgb, bits: Number(bits ?? 8), hasAlpha: alpha === 'a' }),
  },
  { name: /^(?:rgb|bgr)(48|96|f32|f16)$/, family: () => ({ ...rgb, bits: 16 }) },
  { name: /^(?:rgba|bgra|rgbaf)(64|128|16|32)$/, family: () => ({ ...rgb, bits: 16, hasAlpha: true }) },
  { name: /^x2(?:rgb|bgr)10$/, family: () => ({ ...rgb, bits: 10 }) },
  { name: /^(?:argb|rgba|abgr|bgra)$/, family: () => ({ ...rgb, hasAlpha: true }) },
  { name: /^bayer_[a-z]+(8|16)$/, family: ([, bits]) => ({ ...rgb, bits: Number(bits) }) },
  { name: /^(?:0?(?:rgb|bgr)0?|gbr)(?:24|565|555|444|8|4|4_byte)?$/, family: () => rgb },
];

/** What ffmpeg's name of a pixel format says; null for a name that is not known. */
export function pixelFamily(pixelFormat: string): PixelFamily | null {
  // Which end of a sample comes first changes nothing.
  const name = pixelFormat.replace(/(?<=\d|f)(?:le|be)$/, '');
  const found = Object.hasOwn(named, name) ? named[name] : undefined;
  if (found !== undefined) return found;
  for (const { name: pattern, family } of patterns) {
    const parts = pattern.exec(name);
    if (parts) return family(parts);
  }
  return null;
}
