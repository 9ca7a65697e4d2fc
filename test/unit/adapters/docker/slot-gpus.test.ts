import { describe, expect, it } from 'vitest';
import { gpusOfSlot } from '../../../../src/adapters/ssh-host/worker-containers.ts';

const settings = (change: Partial<Parameters<typeof gpusOfSlot>[0]> = {}) => ({
  gpus: 'all',
  numGpu: 1,
  cudaDevices: '0',
  workers: 1,
  ...change,
});

describe('gpusOfSlot', () => {
  it.each([
    { rule: 'none is none', change: { gpus: 'none' }, slotId: 0, expected: [] },
    { rule: 'no GPUs a worker is none', change: { numGpu: 0 }, slotId: 0, expected: [] },
    { rule: 'all takes cuda_devices', change: { cudaDevices: '3' }, slotId: 0, expected: ['3'] },
    {
      rule: 'all with too few cuda_devices counts from 0',
      change: { workers: 2 },
      slotId: 1,
      expected: ['1'],
    },
    {
      rule: 'slots take their share in order',
      change: { cudaDevices: '4, 5,6,7', numGpu: 2, workers: 2 },
      slotId: 1,
      expected: ['6', '7'],
    },
    { rule: 'a list is the pool', change: { gpus: '2,5', workers: 2 }, slotId: 1, expected: ['5'] },
    { rule: 'a longer list is fine', change: { gpus: '2,5' }, slotId: 0, expected: ['2'] },
  ])('$rule', ({ change, slotId, expected }) => {
    expect(gpusOfSlot(settings(change), slotId)).toEqual(expected);
  });

  it.each([
    { gpus: '0', workers: 2, numGpu: 1 },
    { gpus: '0,1', workers: 2, numGpu: 2 },
  ])('refuses a pool that is too small: $gpus for $workers x $numGpu', (change) => {
    expect(() => gpusOfSlot(settings(change), 0)).toThrow(
      expect.objectContaining({ code: 'config-invalid' }),
    );
  });
});
