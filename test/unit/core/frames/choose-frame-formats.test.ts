import { describe, expect, it } from 'vitest';
import { chooseFrameFormats } from '../../../../src/core/frames/choose-frame-formats.ts';
import { isPipeFormat } from '../../../../src/core/frames/frame-format.ts';
import type { VideoFacts, VideoStreamFacts } from '../../../../src/core/frames/video-facts.ts';

const noColor = { range: null, space: null, primaries: null, transfer: null, chromaLocation: null };
const video: VideoStreamFacts = {
  index: 0,
  codec: 'h264',
  size: { width: 96, height: 54 },
  sampleAspect: { numerator: 1, denominator: 1 },
  rotationDegrees: 0,
  pixelFormat: 'yuv420p',
  timeBase: { numerator: 1, denominator: 12_800 },
  endTime: null,
  frameRate: { numerator: 25, denominator: 1 },
  color: noColor,
  extras: [],
};
const wish = { takesRgb: false, scale: 2, container: 'mp4' } as const;
const factsOf = (some: Partial<VideoStreamFacts>): VideoFacts => ({
  container: 'mov,mp4',
  sizeBytes: 1,
  startSeconds: 0,
  durationSeconds: 1,
  video: { ...video, ...some },
  others: [],
  chapters: [],
  othersEndSeconds: null,
});

it.each([
  { source: 'yuv420p', kept: 'yuv420p', notices: 0 },
  { source: 'yuvj420p', kept: 'yuv420p', notices: 0 },
  { source: 'nv12', kept: 'yuv420p', notices: 0 },
  { source: 'yuv420p10le', kept: 'yuv420p10le', notices: 0 },
  { source: 'p010le', kept: 'yuv420p10le', notices: 0 },
  { source: 'yuv420p9le', kept: 'yuv420p10le', notices: 0 },
  { source: 'yuv422p', kept: 'yuv422p', notices: 0 },
  { source: 'yuyv422', kept: 'yuv422p', notices: 0 },
  { source: 'nv16', kept: 'yuv422p', notices: 0 },
  { source: 'yuv422p10le', kept: 'yuv422p10le', notices: 0 },
  { source: 'y210le', kept: 'yuv422p10le', notices: 0 },
  { source: 'yuv422p12be', kept: 'yuv422p10le', notices: 1 },
  { source: 'yuv444p', kept: 'yuv444p', notices: 0 },
  { source: 'yuv444p16le', kept: 'yuv444p10le', notices: 1 },
  { source: 'yuv411p', kept: 'yuv422p', notices: 1 },
  { source: 'yuv410p', kept: 'yuv420p', notices: 1 },
  { source: 'yuv440p', kept: 'yuv444p', notices: 1 },
  { source: 'yuva420p', kept: 'yuv420p', notices: 1 },
  { source: 'yuva444p10le', kept: 'yuv444p10le', notices: 1 },
  { source: 'gray', kept: 'gray', notices: 0 },
  { source: 'gray12le', kept: 'gray10le', notices: 1 },
  { source: 'monow', kept: 'gray', notices: 0 },
  { source: 'rgb24', kept: 'yuv444p', notices: 1 },
  { source: 'bgra', kept: 'yuv444p', notices: 2 },
  { source: 'pal8', kept: 'yuv444p', notices: 1 },
  { source: 'gbrp', kept: 'yuv444p', notices: 1 },
  { source: 'gbrp10le', kept: 'yuv444p10le', notices: 1 },
  { source: 'gbrap12le', kept: 'yuv444p10le', notices: 3 },
  { source: 'rgb48be', kept: 'yuv444p10le', notices: 2 },
])('$source is kept as $kept', ({ source, kept, notices }) => {
  const choice = chooseFrameFormats(factsOf({ pixelFormat: source }), wish);
  expect(choice.frame).toEqual({ width: 96, height: 54, pixelFormat: kept });
  expect(choice.target).toEqual({ width: 192, height: 108, pixelFormat: kept });
  expect(choice.notices).toHaveLength(notices);
  expect(isPipeFormat(kept)).toBe(true);
});

it.each([
  { source: 'yuv420p', frame: 'rgb24', target: 'yuv420p' },
  { source: 'yuv422p10le', frame: 'rgb48le', target: 'yuv422p10le' },
  { source: 'gray', frame: 'rgb24', target: 'gray' },
])('a model gets $source as $frame', ({ source, frame, target }) => {
  const choice = chooseFrameFormats(factsOf({ pixelFormat: source }), { ...wish, takesRgb: true });
  expect([choice.frame.pixelFormat, choice.target.pixelFormat]).toEqual([frame, target]);
});

describe('colours', () => {
  it('of formats with a j are of full range', () => {
    expect(chooseFrameFormats(factsOf({ pixelFormat: 'yuvj422p' }), wish).color.range).toBe('pc');
  });

  it('of RGB become those of limited range', () => {
    const color = { ...noColor, range: 'pc', space: 'gbr', transfer: 'iec61966-2-1' };
    const choice = chooseFrameFormats(factsOf({ pixelFormat: 'gbrp', color }), wish);
    expect(choice.color).toEqual({ ...color, range: 'tv' });
  });

  it('of any other stay', () => {
    const color = { ...noColor, range: 'tv', space: 'bt2020nc', primaries: 'bt2020', transfer: 'smpte2084' };
    expect(chooseFrameFormats(factsOf({ pixelFormat: 'yuv420p10le', color }), wish).color).toEqual(color);
  });
});

describe('odd sides', () => {
  it.each([
    { pixelFormat: 'yuv420p', target: [292, 166] },
    { pixelFormat: 'yuv422p', target: [292, 165] },
    { pixelFormat: 'yuv444p', target: [291, 165] },
  ])('are rounded up where $pixelFormat needs it', ({ pixelFormat, target }) => {
    const facts = factsOf({ pixelFormat, size: { width: 97, height: 55 } });
    const choice = chooseFrameFormats(facts, { ...wish, scale: 3 });
    expect([choice.target.width, choice.target.height]).toEqual(target);
    expect(choice.notices).toHaveLength(target[0] === 291 ? 0 : 1);
    expect(choice.frame).toMatchObject({ width: 97, height: 55 });
  });
});

describe('turned videos', () => {
  const turned = { rotationDegrees: 90, sampleAspect: { numerator: 4, denominator: 3 } } as const;

  it('keep their tag in MP4', () => {
    const choice = chooseFrameFormats(factsOf(turned), wish);
    expect(choice).toMatchObject({ isTurned: false, frame: { width: 96, height: 54 }, notices: [] });
    expect(choice.sampleAspect).toEqual(turned.sampleAspect);
  });

  it('are turned for Matroska, with the shape of their pixels', () => {
    const choice = chooseFrameFormats(factsOf(turned), { ...wish, container: 'mkv' });
    expect(choice).toMatchObject({
      isTurned: true,
      frame: { width: 54, height: 96 },
      target: { width: 108, height: 192 },
    });
    expect(choice.sampleAspect).toEqual({ numerator: 3, denominator: 4 });
    expect(choice.notices).toHaveLength(1);
  });

  it('keep their sides when they stand on their head', () => {
    const choice = chooseFrameFormats(factsOf({ ...turned, rotationDegrees: 180 }), {
      ...wish,
      container: 'mkv',
    });
    expect(choice).toMatchObject({ isTurned: true, frame: { width: 96, height: 54 } });
  });
});

describe('limits', () => {
  it('are told before the work starts', () => {
    const facts = factsOf({
      size: { width: 4096, height: 2304 },
      extras: ['interlaced fields', 'HDR10 metadata'],
    });
    expect(chooseFrameFormats(facts, { ...wish, scale: 4 }).notices).toEqual([
      'No level of H.264 allows 16384x9216: many players will not play it.',
      'Interlaced fields cannot be kept: the upscaled video has none.',
      'HDR10 metadata cannot be kept: the upscaled video has none.',
    ]);
  });

  it.each([
    { what: 'a side that is too long', some: { size: { width: 5464, height: 100 } } },
    { what: 'a pixel format that nobody knows', some: { pixelFormat: 'vaapi' } },
  ])('$what is refused', ({ some }) => {
    const refused = expect.objectContaining({ code: 'output-unsupported', nextStep: expect.any(String) });
    expect(() => chooseFrameFormats(factsOf(some), { ...wish, scale: 3 })).toThrow(refused);
  });
});

describe('colours of which the file says nothing', () => {
  const ntsc = { space: 'smpte170m', primaries: 'smpte170m', transfer: 'smpte170m' };
  const pal = { space: 'bt470bg', primaries: 'bt470bg', transfer: 'smpte170m' };
  const nothing = { space: null, primaries: null, transfer: null };
  const matrixOnly = { ...nothing, space: 'smpte170m' };

  it.each([
    { what: '480 lines', width: 720, height: 480, expected: ntsc },
    { what: '576 lines', width: 720, height: 576, expected: pal },
    { what: 'a small clip', width: 160, height: 90, expected: ntsc },
    { what: 'a tall one', width: 480, height: 854, expected: nothing },
    { what: 'a wide one', width: 1280, height: 536, expected: nothing },
    { what: '720 lines', width: 1280, height: 720, expected: nothing },
    { what: 'gray', width: 720, height: 480, pixelFormat: 'gray', expected: nothing },
    {
      what: 'a transfer alone',
      width: 720,
      height: 480,
      said: { transfer: 'bt709' },
      expected: { ...matrixOnly, transfer: 'bt709' },
    },
    {
      what: 'primaries of BT.2020',
      width: 720,
      height: 480,
      said: { primaries: 'bt2020' },
      expected: { ...nothing, primaries: 'bt2020' },
    },
    {
      what: 'a matrix alone',
      width: 720,
      height: 480,
      said: { space: 'bt709' },
      expected: { ...nothing, space: 'bt709' },
    },
  ])('are noted as players take them, before they are larger: $what', (given) => {
    const { width, height, pixelFormat = 'yuv420p', said = {}, expected } = given;
    const some = { size: { width, height }, pixelFormat, color: { ...noColor, ...said } };
    expect(chooseFrameFormats(factsOf(some), wish).color).toMatchObject(expected);
  });
});
