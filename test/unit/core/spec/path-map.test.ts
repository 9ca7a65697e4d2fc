import { describe, expect, it } from 'vitest';
import { isWindowsPath, mappedPath, parseMappedFolder } from '../../../../src/core/spec/path-map.ts';

const folders = [
  { from: 'F:/Art', to: '/mnt/art' },
  { from: 'F:\\Art\\old\\', to: '/archive/' },
  { from: 'G:', to: '/mnt/g' },
  { from: '\\\\server\\share', to: '/mnt/share' },
  { from: '/Users/ann', to: '/home/ann' },
  { from: 'projekt', to: '/data/projekt' },
];

describe('mappedPath', () => {
  it.each([
    { rule: 'a drive', path: 'F:/Art/a.mp4', expected: '/mnt/art/a.mp4' },
    { rule: 'backslashes', path: 'F:\\Art\\day 1\\a.mp4', expected: '/mnt/art/day 1/a.mp4' },
    { rule: 'other capitals of Windows', path: 'f:\\ART\\A.mp4', expected: '/mnt/art/A.mp4' },
    { rule: 'the longest entry', path: 'F:/Art/old/a.mp4', expected: '/archive/a.mp4' },
    { rule: 'a whole drive', path: 'G:\\a.mp4', expected: '/mnt/g/a.mp4' },
    { rule: 'a share', path: '\\\\SERVER\\Share\\x\\a.mp4', expected: '/mnt/share/x/a.mp4' },
    { rule: 'a share with slashes', path: '//server/share/a.mp4', expected: '/mnt/share/a.mp4' },
    { rule: 'doubled separators', path: 'F:\\\\Art\\\\a.mp4', expected: '/mnt/art/a.mp4' },
    { rule: 'a path of POSIX', path: '/Users/ann/a.mp4', expected: '/home/ann/a.mp4' },
    { rule: 'other capitals of POSIX', path: '/users/ann/a.mp4', expected: null },
    { rule: 'a relative path', path: 'projekt/a.mp4', expected: '/data/projekt/a.mp4' },
    { rule: 'only the beginning of a name', path: 'F:/Artwork/a.mp4', expected: null },
    { rule: 'blanks around it', path: ' F:/Art/a.mp4 ', expected: '/mnt/art/a.mp4' },
    { rule: 'the folder itself', path: 'F:/Art', expected: '/mnt/art' },
    { rule: 'names in any language', path: 'F:/Art/日本 é/a.mp4', expected: '/mnt/art/日本 é/a.mp4' },
  ])('$rule', ({ path, expected }) => expect(mappedPath(path, folders)).toBe(expected));

  it('maps everything from the root', () => {
    expect(mappedPath('/srv/a.mp4', [{ from: '/', to: '/mnt/other' }])).toBe('/mnt/other/srv/a.mp4');
  });
});

it.each([
  ['F:/a.mp4', true],
  ['f:\\a.mp4', true],
  ['\\\\server\\share\\a.mp4', true],
  ['//server/share/a.mp4', true],
  ['/a.mp4', false],
  ['a.mp4', false],
  ['C:a', false],
  ['//a.mp4', false],
])('%s is a path of Windows: %s', (path, expected) => expect(isWindowsPath(path)).toBe(expected));

it.each([
  ['F:/Art=/mnt/art', { from: 'F:/Art', to: '/mnt/art' }],
  ['\\\\s\\x=here=there', { from: '\\\\s\\x', to: 'here=there' }],
  ['F:/Art', null],
  ['=/mnt', null],
  ['F:/Art=', null],
])('reads %s', (text, expected) => expect(parseMappedFolder(text)).toEqual(expected));
