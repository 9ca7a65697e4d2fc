import { expect, it } from 'vitest';
import { placeWorkers } from '../../../../src/adapters/pool-host/pool-host.ts';

it('numbers workers over all members by what they are configured for, the same however many there are', () => {
  const places = placeWorkers([2, 1], 6);
  expect(places.map(({ member }) => member)).toEqual([0, 1, 0, 0, 1, 0]);
  expect(places.map(({ workerId }) => workerId)).toEqual([0, 0, 1, 2, 1, 3]);
  expect(placeWorkers([2, 1], 3)).toEqual(places.slice(0, 3));
});
