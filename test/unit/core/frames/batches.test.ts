import { expect, it } from 'vitest';
import {
  batchesOfLane,
  batchRange,
  countBatches,
  laneOf,
  lanesForVram,
} from '../../../../src/core/frames/batches.ts';

it('300 frames, 6 workers, 8 a batch are 38 batches: 7, 7, 6, 6, 6, 6', () => {
  expect(countBatches(300, 8)).toBe(38);
  expect([0, 1, 2, 3, 4, 5].map((lane) => batchesOfLane(lane, 6, 0, 38))).toEqual([7, 7, 6, 6, 6, 6]);
  expect(batchRange(37, 300, 8)).toEqual({ first: 296, last: 299 });
  expect(laneOf(37, 6)).toBe(1);
});

it.each([
  { lane: 0, lanes: 4, first: 5, end: 13, expected: 2 },
  { lane: 1, lanes: 4, first: 5, end: 13, expected: 2 },
  { lane: 3, lanes: 4, first: 8, end: 9, expected: 0 },
  { lane: 0, lanes: 1, first: 2, end: 9, expected: 7 },
])(
  'lane $lane of $lanes has $expected of the batches $first to $end',
  ({ lane, lanes, first, end, expected }) => {
    expect(batchesOfLane(lane, lanes, first, end)).toBe(expected);
  },
);

it.each([
  [4, 1],
  [4.99, 1],
  [5, 2],
  [6.9, 2],
  [7, 3],
  [9.9, 3],
  [10, 4],
  [80, 4],
])('a GPU of %d GB is given %d lanes', (vramGb, lanes) => {
  expect(lanesForVram(vramGb)).toBe(lanes);
});
