import { expect, it } from 'vitest';
import { exactFrames } from '../../../../src/adapters/ffmpeg/raw-frames.ts';

async function* pieces(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

async function cut(source: AsyncIterable<Uint8Array> | undefined, isWanted?: (frame: number) => boolean) {
  const frames = exactFrames(source, { frameBytes: 3, ...(isWanted && { isWanted }) });
  const found: string[] = [];
  for (;;) {
    const next = await frames.next();
    if (next.done) return { found, rest: next.value };
    found.push(Buffer.from(next.value).toString());
  }
}

it.each([
  { rule: 'nothing at all', source: undefined, found: [], rest: 0 },
  { rule: 'pieces of a frame', source: ['a', 'b', 'cd', 'ef'], found: ['abc', 'def'], rest: 0 },
  { rule: 'many frames in a piece', source: ['abcdefghi'], found: ['abc', 'def', 'ghi'], rest: 0 },
  { rule: 'an end within a frame', source: ['abcd', 'e'], found: ['abc'], rest: 2 },
  { rule: 'empty pieces', source: ['', 'abc', ''], found: ['abc'], rest: 0 },
])('$rule', async ({ source, found, rest }) => {
  expect(await cut(source && pieces(...source))).toEqual({ found, rest });
});

it('drops frames that nobody wants', async () => {
  expect(await cut(pieces('abcde', 'fghijkl'), (frame) => frame % 2 === 1)).toEqual({
    found: ['def', 'jkl'],
    rest: 0,
  });
});

it('gives each frame memory of its own, unless told otherwise', async () => {
  const own = await Array.fromAsync(exactFrames(pieces('abcdef'), { frameBytes: 3 }));
  expect(own[0]?.buffer).not.toBe(own[1]?.buffer);
  const memory = new Uint8Array(3);
  const shared = await Array.fromAsync(
    exactFrames(pieces('abcdef'), { frameBytes: 3, allocate: () => memory }),
  );
  expect(shared[0]?.buffer).toBe(shared[1]?.buffer);
});
