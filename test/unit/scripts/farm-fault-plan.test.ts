import { expect, it } from 'vitest';
import { farmFaults, planFarmScene, taskCounts } from '../../../scripts/soak/farm-fault-plan.ts';

const lockMs = 1_000;
const scenes = (seed: number, only?: 'pool' | 'queue') =>
  Array.from({ length: 100 }, (_, number) => planFarmScene({ seed, number, lockMs, only }));

it('plays the same scenes for the same seed, each by itself too', () => {
  expect(scenes(7)).toEqual(scenes(7));
  expect(planFarmScene({ seed: 7, number: 42, lockMs })).toEqual(scenes(7)[42]);
  expect(scenes(8)).not.toEqual(scenes(7));
});

it('has every kind of fault in a hundred scenes, over pools and over queues', () => {
  for (const seed of [1, 2, 3]) {
    const played = scenes(seed).flatMap(({ place, faults }) => faults.map(({ kind }) => `${kind} ${place}`));
    const wanted = Object.entries(farmFaults).flatMap(([kind, { places }]) =>
      places.map((place) => `${kind} ${place}`),
    );
    expect(new Set(played)).toEqual(new Set(wanted));
  }
});

it('has faults while there is work, where they can happen, and as long as they say', () => {
  for (const { work, place, faults, isLeft } of scenes(3)) {
    for (const { kind, afterResults, lastsMs } of faults) {
      const facts: { places: readonly string[]; works: readonly string[]; lasts?: readonly number[] } =
        farmFaults[kind];
      expect(facts.places).toContain(place);
      expect(facts.works).toContain(work);
      expect(afterResults).toBeLessThan(taskCounts[work]);
      const [least = 0, most = 0] = facts.lasts ?? [];
      expect(lastsMs).toBeGreaterThanOrEqual(least * lockMs);
      expect(lastsMs).toBeLessThanOrEqual(most * lockMs);
      // A worker puts a video together only when the client is gone.
      if (kind === 'finalizer killed') expect(isLeft).toBe(true);
    }
  }
});

it('plays over one kind of place alone when asked to', () => {
  expect(new Set(scenes(1, 'pool').map(({ place }) => place))).toEqual(new Set(['pool']));
  expect(new Set(scenes(1, 'queue').map(({ place }) => place))).toEqual(new Set(['queue']));
});
