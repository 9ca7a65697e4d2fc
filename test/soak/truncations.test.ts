import { afterAll, expect, it } from 'vitest';
import { TruncationScene } from '../../scripts/soak/truncation-scene.ts';

const scene = await TruncationScene.create();
afterAll(() => scene[Symbol.asyncDispose]());

it('a journal cut off at any byte resumes, changes nothing and asks nothing again', async () => {
  const faults: string[] = [];
  for (let length = 0; length <= scene.journal.length; length++) {
    const fault = await scene.resumeFrom(scene.journal.subarray(0, length), length % 2 === 0);
    if (fault) faults.push(`after ${length} bytes: ${fault}`);
  }
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
