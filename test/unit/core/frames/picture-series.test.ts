import { describe, expect, it } from 'vitest';
import {
  missingText,
  numberedPath,
  numberIn,
  numbersAmong,
  numbersOf,
  parseFrameRate,
  parsePicturePattern,
  patternOf,
  patternPath,
  runsOf,
} from '../../../../src/core/frames/picture-series.ts';

const frames = { folder: '/in', prefix: 'frame_', digits: 6, ending: '.png' };

describe('patterns of picture names', () => {
  it.each([
    ['/in/frame_%06d.png', frames],
    ['/in/%d.JPG', { folder: '/in', prefix: '', digits: 1, ending: '.JPG' }],
    ['/a%d/100%%_%03d-x.webp', { folder: '/a%d', prefix: '100%_', digits: 3, ending: '-x.webp' }],
    [`/in/it's "é"\n%4d.tif`, { folder: '/in', prefix: `it's "é"\n`, digits: 4, ending: '.tif' }],
    ['/%d.png', { folder: '/', prefix: '', digits: 1, ending: '.png' }],
  ])('%s', (path, pattern) => {
    expect(parsePicturePattern(path)).toEqual(pattern);
    expect(parsePicturePattern(patternPath(pattern))).toEqual(pattern);
  });

  it.each(['/in/frame.png', '/in/a%d_%d.png', '/in/%d.mp4', '/in%d/a.png', '/in/%%d.png', '/in/%s.png'])(
    '%s is none',
    (path) => expect(parsePicturePattern(path)).toBeNull(),
  );

  it('takes exactly the names that it gives', () => {
    const names = [
      'frame_000010.png',
      'frame_000002.png',
      'frame_2.png',
      'frame_000003.jpg',
      'frame_1000000.png',
    ];
    expect(numbersAmong(frames, names)).toEqual([2, 10, 1_000_000]);
    expect(numberIn(frames, 'frame_0000003.png')).toBeNull();
    expect(numberedPath(frames, 7)).toBe('/in/frame_000007.png');
  });
});

describe('a folder of pictures', () => {
  it.each([
    ['zeros in front', ['a_098.png', 'a_099.png', 'a_1000.png'], 'a_%03d.png'],
    ['no zeros', ['9.png', '10.png', '11.png'], '%d.png'],
    ['one width without zeros', ['f101.png', 'f102.png'], 'f%d.png'],
    ['the last number counts', ['take2_01v.png', 'take2_02v.png'], 'take2_%02dv.png'],
    ['two series', ['a1.png', 'b1.png'], null],
    ['two kinds', ['a1.png', 'a2.jpg'], null],
    ['two ways to count', ['a1.png', 'a01.png'], null],
    ['no numbers', ['a.png', 'b.png'], null],
    ['one picture', ['a1.png'], null],
  ])('%s', (_rule, names, expected) => {
    const found = patternOf('/in', names);
    expect(found && patternPath(found)).toBe(expected && `/in/${expected}`);
  });
});

describe('numbers', () => {
  it('are kept as runs', () => {
    const numbers = [0, 1, 2, 7, 9, 10];
    expect(runsOf(numbers)).toEqual([
      [0, 3],
      [7, 1],
      [9, 2],
    ]);
    expect(numbersOf(runsOf(numbers))).toEqual(numbers);
  });

  it.each([
    [[5, 6, 7], null],
    [[1, 2, 4, 9], '3, 5 to 8'],
    [[1, 3, 5, 7, 9, 11], '2, 4, 6 and 2 more gaps'],
  ])('that are missing from %j are named', (numbers, text) => expect(missingText(numbers)).toBe(text));
});

describe('pictures a second', () => {
  it.each([
    ['24', 24, 1],
    ['23.976', 24_000, 1001],
    ['30000/1001', 30_000, 1001],
    ['12.5', 125, 10],
    ['0.2', 2, 10],
  ])('%s', (text, numerator, denominator) =>
    expect(parseFrameRate(text)).toEqual({ numerator, denominator }),
  );
  it.each(['', '0', '-1', '1/0', '2000', '24fps', '1e3'])('"%s" is none', (text) =>
    expect(parseFrameRate(text)).toBeNull(),
  );
});
