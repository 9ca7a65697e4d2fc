import { describe, expect, it } from 'vitest';
import { assertEncodingFits, chooseEncoding } from '../../../../src/core/encoding/choose-encoding.ts';
import { optionProblem } from '../../../../src/core/encoding/encoder-options.ts';
import {
  configOfEncoding,
  type EncodingConfig,
  encodingNow,
  usualEncoding,
} from '../../../../src/core/encoding/encoding-settings.ts';
import type { OutputContainer } from '../../../../src/core/frames/container-limits.ts';
import { pixelFamily } from '../../../../src/core/frames/pixel-family.ts';

const size = { width: 640, height: 360 };

function choose(
  some: Partial<EncodingConfig>,
  { container = 'mkv' as OutputContainer, format = 'yuv420p', codec = 'h264', of = size } = {},
) {
  const family = pixelFamily(format);
  if (!family) throw new TypeError(format);
  return chooseEncoding({ ...usualEncoding, ...some }, container, { codec, family, size: of });
}

describe('where nothing is said', () => {
  it('H.264 is encoded as it always was, with the same key for its segments', () => {
    expect(choose({}).encoding).toEqual({ crf: 18, preset: 'medium' });
  });

  it('WebM gets VP9', () => {
    expect(choose({}, { container: 'webm' }).encoding).toMatchObject({ codec: 'vp9', encoder: 'libvpx-vp9' });
  });
});

it.each([
  { some: { codec: 'hevc' }, format: 'yuv420p12le', encoder: 'libx265', kept: 'yuv420p12le' },
  { some: { codec: 'hevc' }, format: 'yuv422p10le', encoder: 'libx265', kept: 'yuv422p10le' },
  { some: { codec: 'av1' }, format: 'yuv420p10le', encoder: 'libsvtav1', kept: 'yuv420p10le' },
  { some: { codec: 'av1' }, format: 'gray', encoder: 'libsvtav1', kept: 'yuv420p' },
  { some: { codec: 'av1' }, format: 'yuv420p12le', encoder: 'libaom-av1', kept: 'yuv420p12le' },
  { some: { codec: 'av1' }, format: 'yuv444p', encoder: 'libaom-av1', kept: 'yuv444p' },
  { some: { codec: 'vp9' }, format: 'yuv444p12le', encoder: 'libvpx-vp9', kept: 'yuv444p12le' },
  { some: { codec: 'ffv1' }, format: 'yuv420p14le', encoder: 'ffv1', kept: 'yuv420p16le' },
  { some: { codec: 'hevc', encoder: 'nvenc' }, format: 'yuv444p', encoder: 'hevc_nvenc', kept: 'yuv420p' },
  { some: { encoder: 'hevc_vaapi' }, format: 'yuv420p10le', encoder: 'hevc_vaapi', kept: 'yuv420p10le' },
] as const)('$format is encoded by $encoder as $kept', ({ some, format, encoder, kept }) => {
  const choice = choose(some, { format });
  expect(choice.encoding.encoder).toBe(encoder);
  expect(choice.pixelFormat).toBe(kept);
});

it.each([
  { format: 'yuv420p', preset: 'hq', kept: 'yuv422p10le' },
  { format: 'yuv444p10le', preset: '4444', kept: 'yuv444p10le' },
])('ProRes takes $format with the profile $preset', ({ format, preset, kept }) => {
  const choice = choose({ codec: 'prores' }, { container: 'mov', format });
  expect(choice.encoding).toMatchObject({ crf: null, preset });
  expect(choice.pixelFormat).toBe(kept);
});

it('copy-like takes the family of the source, and says where it cannot', () => {
  const like = (codec: string) => choose({ codec: 'copy-like' }, { codec });
  expect(like('hevc').encoding.codec).toBe('hevc');
  expect(like('utvideo').encoding.codec).toBe('ffv1');
  expect(like('mpeg2video').encoding.codec).toBeUndefined();
  expect(like('mpeg2video').notices).toEqual([
    'The video is encoded as H.264: mpeg2video cannot be written.',
  ]);
});

it('a size is governed in one way', () => {
  expect(choose({ codec: 'hevc', qp: 25 }).encoding).toMatchObject({ crf: null, qp: 25 });
  expect(choose({ bitrate: '1.5M' }).encoding).toMatchObject({ crf: null, bitrate: 1_500_000 });
});

describe('what cannot be is refused before any work, with what can', () => {
  it.each([
    { what: 'H.264 in WebM', some: { codec: 'h264' }, container: 'webm', next: /\.mp4, \.mov or \.mkv/ },
    { what: 'ProRes in MP4', some: { codec: 'prores' }, container: 'mp4', next: /\.mov/ },
    { what: 'FFV1 in QuickTime', some: { codec: 'ffv1' }, container: 'mov', next: /\.mkv/ },
    { what: 'AV1 in QuickTime', some: { codec: 'av1' }, container: 'mov', next: /\.mp4, \.mkv or \.webm/ },
    { what: 'an encoder of another codec', some: { codec: 'vp9', encoder: 'libx264' }, next: /libvpx-vp9/ },
    { what: 'hardware that has no such codec', some: { codec: 'vp9', encoder: 'nvenc' }, next: /vp9_vaapi/ },
    { what: 'an unknown encoder', some: { encoder: 'libx246' }, next: /libx264/ },
    { what: 'two ways to govern the size', some: { crf: 20, bitrate: '8M' }, next: /Leave one/ },
    { what: 'a quality of ProRes', some: { codec: 'prores', crf: 10 }, container: 'mov', next: /--preset/ },
    { what: 'a quality that is too high', some: { crf: 60 }, next: /51/ },
    { what: 'a preset of another encoder', some: { preset: 'p4' }, next: /ultrafast/ },
    {
      what: 'an option that names a file',
      some: { encoder_options: ['stats=/etc/passwd'] },
      next: /aq-mode/,
    },
  ] as const)('$what', ({ some, next, ...rest }) => {
    const container = 'container' in rest ? rest.container : 'mkv';
    const config = {
      ...usualEncoding,
      ...some,
      encoder_options: [...('encoder_options' in some ? some.encoder_options : [])],
    };
    const refused = expect.objectContaining({ nextStep: expect.stringMatching(next) });
    expect(() => assertEncodingFits(config, container)).toThrow(refused);
  });

  it('a pixel format, and a picture that is too small', () => {
    expect(() => choose({ pixel_format: 'yuv420p12le' })).toThrow(/none that libx264 takes/);
    const tiny = { of: { width: 120, height: 48 } };
    expect(() => choose({ encoder: 'libsvtav1' }, tiny)).toThrow(/no side below 64/);
    expect(choose({ codec: 'av1' }, { of: { width: 48, height: 48 } }).encoding.encoder).toBe('libaom-av1');
  });
});

it.each([
  ['libx265', 'aq-mode=3', null],
  ['libx265', 'psy-rd=1.5', null],
  ['libx264', 'deblock=-1:-1', null],
  ['libx264', 'tune=film', null],
  ['libx264', 'tune=zerolatency', 'one of'],
  ['libx265', 'csv=x', 'no option csv'],
  ['libx265', 'aq-mode=3:csv=x', 'a number'],
  ['libx264', 'aq-mode', 'NAME=VALUE'],
  ['libvpx-vp9', '__proto__=1', 'NAME=VALUE'],
  ['libvpx-vp9', 'constructor=1', 'no option constructor'],
  ['hevc_nvenc', 'spatial-aq=1', null],
])('%s: %s', (encoder, option, problem) => {
  if (problem === null) expect(optionProblem(encoder, option)).toBeNull();
  else expect(optionProblem(encoder, option)).toContain(problem);
});

it('a run keeps its encoding where settings leave it to the video', () => {
  const was = { ...choose({ codec: 'av1', qp: 30 }).encoding, threads: 8 };
  expect(encodingNow(was, configOfEncoding(was))).toEqual(was);
  expect(encodingNow(was, { ...configOfEncoding(was), codec: 'copy-like', preset: 'medium' })).toEqual(was);
  expect(encodingNow(was, { ...configOfEncoding(was), codec: 'hevc' })).not.toEqual(was);
  const usual = { crf: 18, preset: 'medium', threads: 8, is_cpu_independent: true };
  expect(encodingNow(usual, configOfEncoding(usual))).toEqual(usual);
});
