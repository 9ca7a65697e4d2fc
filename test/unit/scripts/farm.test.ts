import { expect, it } from 'vitest';
import { simulateFarm } from '../../../scripts/bench/support/farm.ts';

const farm = {
  machines: 20,
  tasksPerMachine: 40,
  fastest: 10,
  meanLifeS: Number.POSITIVE_INFINITY,
  transferS: 0,
  seed: 3,
};

it('keeps machines of very different speeds busy to the end, and copies hardly anything', () => {
  const result = simulateFarm(farm);
  expect(result.efficiency).toBeGreaterThan(0.95);
  expect(result.copiedShare).toBeLessThan(0.02);
  expect(result.mostCopies).toBeLessThanOrEqual(1);
  expect(simulateFarm(farm)).toEqual(result);
});

it('ends also when machines are taken away all the time', () => {
  const result = simulateFarm({ ...farm, meanLifeS: 20 * 60, transferS: 5 });
  expect(result.efficiency).toBeGreaterThan(0.75);
  expect(result.copiedShare).toBeLessThan(0.2);
});
