import { expect, it } from 'vitest';
import { parseKeepTime } from '../../../../src/core/upkeep/keep-time.ts';
import { parseGpus } from '../../../../src/core/upkeep/parse-gpus.ts';

it.each([
  ['7d', 604_800_000],
  ['12h', 43_200_000],
  ['1.5h', 5_400_000],
  ['30m', 1_800_000],
  ['90 s', 90_000],
  ['2w', 1_209_600_000],
  ['0', 0],
  ['0d', 0],
  ['', null],
  ['7', null],
  ['-1d', null],
  ['7 days', null],
  ['999999w', null],
  ['7constructor', null],
])('keep %j', (text, expected) => expect(parseKeepTime(text)).toBe(expected));

it('reads what nvidia-smi prints', () => {
  const text = '0, NVIDIA H200, 1024, 143771\n1, NVIDIA A10, [N/A], 24564\nNo devices were found\n';
  expect(parseGpus(text)).toEqual([
    { index: 0, name: 'NVIDIA H200', usedBytes: 1024 ** 3, totalBytes: 143_771 * 1024 ** 2 },
    { index: 1, name: 'NVIDIA A10', usedBytes: 0, totalBytes: 24_564 * 1024 ** 2 },
  ]);
});
