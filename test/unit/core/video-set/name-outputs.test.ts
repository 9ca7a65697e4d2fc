import { expect, it } from 'vitest';
import { usualEncoding } from '../../../../src/core/encoding/encoding-settings.ts';
import { mediaKindOf, nameOutputs } from '../../../../src/core/video-set/name-outputs.ts';

function outputsOf(names: readonly string[], suffix = '', codec: 'auto' | 'prores' = 'auto') {
  const sources = names.map((name) => ({ name }));
  return nameOutputs(sources, suffix, { ...usualEncoding, codec });
}

it.each([
  { rule: 'names stay', names: ['a.mp4', 'b/c.MOV'], outputs: ['a.mp4', 'b/c.MOV'] },
  {
    rule: 'what cannot be written becomes Matroska',
    names: ['a.avi', 'b.webm'],
    outputs: ['a.mkv', 'b.mkv'],
  },
  { rule: 'twins keep their endings', names: ['a.avi', 'a.ts'], outputs: ['a.mkv', 'a.ts.mkv'] },
  {
    rule: 'twins on a disk that knows no case do, too',
    names: ['a.mkv', 'A.avi', 'a.TS'],
    outputs: ['a.mkv', 'A.avi.mkv', 'a.TS.mkv'],
  },
  {
    rule: 'a third file of that name is numbered',
    names: ['a.avi', 'a.ts.mkv', 'a.ts'],
    outputs: ['a.mkv', 'a.ts.mkv', 'a.ts-2.mkv'],
  },
])('$rule', ({ names, outputs }) => expect(outputsOf(names)).toEqual(outputs));

it('the suffix stands before the ending, and a codec goes where it is held', () => {
  expect(outputsOf(['sub/a.mp4'], '-2x')).toEqual(['sub/a-2x.mp4']);
  expect(outputsOf(['a.mp4'], '-2x', 'prores')).not.toEqual(['a-2x.mp4']);
});

it.each([
  ['a.MKV', 'video'],
  ['a/b.ts', 'video'],
  ['cover.jpg', 'picture'],
  ['notes.txt', 'other'],
  ['none', 'other'],
])('%s is a %s', (path, kind) => expect(mediaKindOf(path)).toBe(kind));
