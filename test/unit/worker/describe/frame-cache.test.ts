import { expect, it } from 'vitest';
import type { MediaTool, RgbFrame } from '../../../../src/ports/media-tool.ts';
import { FrameCache } from '../../../../src/worker/engines/describe/frame-cache.ts';

const frame: RgbFrame = { width: 1, height: 1, data: new Uint8Array(3) };
const { signal } = new AbortController();

function countingMedia(fails: ReadonlySet<string> = new Set()) {
  const reads: string[] = [];
  const media: Pick<MediaTool, 'readRgbFrames'> = {
    readRgbFrames: async (path) => {
      reads.push(path);
      if (fails.has(path)) throw new Error(`cannot read ${path}`);
      return [frame];
    },
  };
  return { reads, media: media as MediaTool };
}

it('decodes a hint once for all who ask, also at the same time', async () => {
  const { reads, media } = countingMedia();
  const cache = new FrameCache(media);
  await Promise.all([cache.read('a', signal), cache.read('a', signal)]);
  expect(await cache.read('a', signal)).toEqual([frame]);
  expect(reads).toEqual(['a']);
});

it('forgets the least recently used of many', async () => {
  const { reads, media } = countingMedia();
  const cache = new FrameCache(media);
  for (let i = 0; i < 16; i++) await cache.read(`hint ${i}`, signal);
  await cache.read('hint 0', signal);
  await cache.read('one more', signal);
  await cache.read('hint 0', signal);
  await cache.read('hint 1', signal);
  expect(reads.filter((path) => path === 'hint 0')).toHaveLength(1);
  expect(reads.filter((path) => path === 'hint 1')).toHaveLength(2);
});

it('asks again after a failure', async () => {
  const fails = new Set(['a']);
  const { reads, media } = countingMedia(fails);
  const cache = new FrameCache(media);
  await expect(cache.read('a', signal)).rejects.toThrow('cannot read a');
  fails.clear();
  expect(await cache.read('a', signal)).toEqual([frame]);
  expect(reads).toHaveLength(2);
});
