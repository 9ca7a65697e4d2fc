import { afterAll, expect, it } from 'vitest';
import { TruncationScene } from '../../scripts/soak/truncation-scene.ts';

const scene = await TruncationScene.create();
afterAll(() => scene[Symbol.asyncDispose]());

/** Every byte around the end of each line, and every 17th between; the soak takes every byte. */
function lengthsToTry(content: Buffer): number[] {
  const lengths = Array.from({ length: content.length + 1 }, (_, length) => length);
  return lengths.filter(
    (length) => length % 17 === 0 || content.subarray(length - 2, length + 2).includes('\n'),
  );
}

it('a journal cut off anywhere resumes, changes nothing and asks nothing again', async () => {
  const lengths = lengthsToTry(scene.journal);
  const faults: string[] = [];
  for (const [at, length] of lengths.entries()) {
    const fault = await scene.resumeFrom(scene.journal.subarray(0, length), at % 2 === 0);
    if (fault) faults.push(`after ${length} bytes: ${fault}`);
  }
  expect(lengths.length).toBeGreaterThan(100);
  expect(faults).toEqual([]);
}, 120_000);

it('a checkpoint cut off anywhere is refused with exit code 6', async () => {
  const { checkpoint } = scene;
  const codes = new Set<number>();
  for (let length = 0; length < checkpoint.length - 1; length += 13) {
    codes.add(await scene.exitCodeWith(checkpoint.subarray(0, length)));
  }
  expect([...codes]).toEqual([6]);
  expect(await scene.exitCodeWith(checkpoint)).toBe(0);
}, 60_000);
