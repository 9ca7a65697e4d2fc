import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { promptSpecSchema, videosOf } from '../../../../src/core/spec/prompt-spec.ts';
import { videoCandidates as generateCandidates } from '../../../../src/core/spec/video-candidates.ts';

const videoCandidates = (...[written, place, rules]: Parameters<typeof generateCandidates>) => [
  ...generateCandidates(written, place, rules),
];

const posixPlace = { specFolder: '/in/a/b', inputRoot: '/in', workingFolder: '/work' };
const winPlace = { specFolder: 'C:\\in\\a', inputRoot: 'C:\\in', workingFolder: 'D:\\work' };

describe('videoCandidates on POSIX', () => {
  it.each([
    {
      rule: 'the spec, its parents up to the root, the working folder',
      written: 'v/c.mp4',
      expected: ['/in/a/b/v/c.mp4', '/in/a/v/c.mp4', '/in/v/c.mp4', '/work/v/c.mp4'],
    },
    { rule: 'an absolute path is one place', written: '/x/c.mp4', expected: ['/x/c.mp4'] },
    {
      rule: 'backslashes may be a part of a name, and are separators',
      written: 'v\\c.mp4',
      expected: [
        ...['/in/a/b/v\\c.mp4', '/in/a/v\\c.mp4', '/in/v\\c.mp4', '/work/v\\c.mp4'],
        ...['/in/a/b/v/c.mp4', '/in/a/v/c.mp4', '/in/v/c.mp4', '/work/v/c.mp4'],
      ],
    },
    {
      rule: 'blanks around it may be a part of a name, and need not be',
      written: '/x/c.mp4 ',
      expected: ['/x/c.mp4 ', '/x/c.mp4'],
    },
    {
      rule: 'composed letters are looked for in both forms',
      written: '/x/Fu\u0308chse.mp4',
      expected: ['/x/Fu\u0308chse.mp4', '/x/F\u00fcchse.mp4'],
    },
    {
      rule: 'the other way round, too',
      written: '/x/F\u00fcchse.mp4',
      expected: ['/x/F\u00fcchse.mp4', '/x/Fu\u0308chse.mp4'],
    },
    { rule: 'nothing is nowhere', written: '  ', expected: [] },
    { rule: 'a zero byte is nowhere', written: 'a\0b', expected: [] },
    {
      rule: 'dots may lead upwards, each place once',
      written: '../c.mp4',
      expected: ['/in/a/c.mp4', '/in/c.mp4', '/c.mp4'],
    },
  ])('$rule', ({ written, expected }) => {
    expect(videoCandidates(written, posixPlace, path.posix)).toEqual(expected);
  });

  it('a spec given by itself is looked for as far up as the working folder', () => {
    const place = { specFolder: '/work/in/a', inputRoot: '/work/in/a', workingFolder: '/work' };
    const expected = ['/work/in/a/c.mp4', '/work/in/c.mp4', '/work/c.mp4'];
    expect(videoCandidates('c.mp4', place, path.posix)).toEqual(expected);
  });

  it('a spec in the root itself is looked at there', () => {
    const place = { specFolder: '/in', inputRoot: '/in', workingFolder: '/in' };
    expect(videoCandidates('c.mp4', place, path.posix)).toEqual(['/in/c.mp4']);
  });

  it('a root that is the system root ends the search', () => {
    const place = { specFolder: '/a', inputRoot: '/', workingFolder: '/w' };
    expect(videoCandidates('c.mp4', place, path.posix)).toEqual(['/a/c.mp4', '/c.mp4', '/w/c.mp4']);
  });

  it('a spec outside the root is searched for in its own folder only', () => {
    const place = { specFolder: '/inner/a', inputRoot: '/in', workingFolder: '/w' };
    expect(videoCandidates('c.mp4', place, path.posix)).toEqual(['/inner/a/c.mp4', '/w/c.mp4']);
  });

  it('a network path is absolute', () => {
    expect(videoCandidates('\\\\nas\\v.mp4', posixPlace, path.posix).at(-1)).toBe('/nas/v.mp4');
  });

  it("another machine's drive letter is a name like any other", () => {
    const [first] = videoCandidates('F:/Shots/c.mp4', posixPlace, path.posix);
    expect(first).toBe('/in/a/b/F:/Shots/c.mp4');
  });
});

describe('videoCandidates on Windows', () => {
  it.each([
    {
      rule: 'either separator',
      written: 'v/x\\c.mp4',
      expected: ['C:\\in\\a\\v\\x\\c.mp4', 'C:\\in\\v\\x\\c.mp4', 'D:\\work\\v\\x\\c.mp4'],
    },
    { rule: 'a drive letter is absolute', written: 'F:/Shots/c.mp4', expected: ['F:\\Shots\\c.mp4'] },
    {
      rule: 'a network path stays one',
      written: '\\\\nas\\share\\v.mp4',
      expected: ['\\\\nas\\share\\v.mp4'],
    },
  ])('$rule', ({ written, expected }) => {
    expect(videoCandidates(written, winPlace, path.win32)).toEqual(expected);
  });

  it('a working folder on another drive ends the search at the root', () => {
    const place = { specFolder: 'C:\\in\\a', inputRoot: 'D:\\in', workingFolder: 'D:\\in' };
    expect(videoCandidates('c.mp4', place, path.win32)).toEqual(['C:\\in\\a\\c.mp4', 'D:\\in\\c.mp4']);
  });
});

describe('videosOf', () => {
  it.each([
    {
      rule: 'the input video alone',
      spec: { input_video_path: 'v', control_inputs: { vis: 'c' } },
      expected: ['v'],
    },
    {
      rule: 'else the controls in their order',
      spec: { input_video_path: ' ', control_inputs: { depth: 'd', seg: 's', edge: 'e', vis: 'v' } },
      expected: ['v', 'e', 's', 'd'],
    },
    {
      rule: 'empty ones and unknown kinds left out',
      spec: { control_inputs: { vis: '', edge: null, seg: 's', sketch: 'x' } },
      expected: ['s'],
    },
    { rule: 'with nothing, nothing', spec: {}, expected: [] },
    { rule: 'null is nothing', spec: { input_video_path: null, control_inputs: null }, expected: [] },
  ])('$rule', ({ spec, expected }) => {
    const named = videosOf(promptSpecSchema.parse({ prompt: 'p', ...spec }));
    expect(named.map((video) => video.path)).toEqual(expected);
  });
});
