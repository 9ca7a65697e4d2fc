import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Suspects } from '../../../../src/worker/model-server/crash-bisector.ts';
import { seededRandom } from '../../../support/stand-in/faults.ts';

interface Request {
  readonly id: number;
  readonly isKiller: boolean;
}

function requests(count: number, killers: readonly number[]): Request[] {
  return Array.from({ length: count }, (_, id) => ({ id, isKiller: killers.includes(id) }));
}

/**
 * A server that works on at most `slots` requests at a time, in a random order, and dies of killers. Before it
 * dies of one, some of the others that are in flight may be answered.
 */
function serve(all: readonly Request[], slots: number, random01: () => number, accidents = 0) {
  const suspects = new Suspects<Request>();
  const waiting = [...all];
  const convicted: number[] = [];
  let deaths = 0;
  let accidentsLeft = accidents;
  const done = (request: Request) => waiting.splice(waiting.indexOf(request), 1);
  while (waiting.length > 0) {
    const inFlight = waiting.filter((request) => suspects.mayAsk(request)).slice(0, slots);
    expect(inFlight.length).toBeGreaterThan(0);
    const isAccident = accidentsLeft > 0 && random01() < 0.3;
    const killers = inFlight.filter(({ isKiller }) => isKiller);
    const answered = inFlight.filter(({ isKiller }) => !isKiller && random01() < 0.5);
    const first = answered.length > 0 ? answered : inFlight.slice(0, 1);
    for (const request of killers.length > 0 || isAccident ? answered : first) {
      suspects.clear(request);
      done(request);
    }
    if (killers.length === 0 && !isAccident) continue;
    if (isAccident) accidentsLeft -= 1;
    deaths += 1;
    const culprit = suspects.died(inFlight.filter((request) => waiting.includes(request)));
    if (culprit) convicted.push(done(culprit)[0]?.id ?? -1);
  }
  return { convicted: convicted.sort((a, b) => a - b), deaths, isHunting: suspects.isHunting };
}

describe('Suspects', () => {
  it('lets everybody through while nothing died', () => {
    const suspects = new Suspects<Request>();
    const [one] = requests(1, []);
    if (!one) throw new Error('no request');
    expect(suspects.mayAsk(one)).toBe(true);
    expect(suspects.died([])).toBeNull();
    expect(suspects.isHunting).toBe(false);
  });

  it('asks one half, while the other half and newcomers wait', () => {
    const suspects = new Suspects<Request>();
    const all = requests(6, []);
    expect(suspects.died(all.slice(0, 4))).toBeNull();
    expect(all.map((request) => suspects.mayAsk(request))).toEqual([true, true, false, false, false, false]);
    for (const request of all.slice(0, 2)) suspects.clear(request);
    // Whoever killed it is in the other half, so that one is halved without another death.
    expect(all.map((request) => suspects.mayAsk(request))).toEqual([false, false, true, false, false, false]);
    for (const request of all.slice(2, 4)) suspects.clear(request);
    expect(suspects.isHunting).toBe(false);
    expect(suspects.mayAsk(all[5] ?? { id: -1, isKiller: false })).toBe(true);
  });

  it('blames nobody for two deaths, not even one that was alone', () => {
    const suspects = new Suspects<Request>();
    const one = { id: 0, isKiller: true };
    expect(suspects.died([one])).toBeNull();
    expect(suspects.died([one])).toBeNull();
    expect(suspects.died([one])).toBe(one);
    expect(suspects.deathsOf(one)).toBe(3);
    expect(suspects.isHunting).toBe(false);
  });

  it('finds every killer and nobody else, in few deaths', () => {
    const cases = fc.record({
      count: fc.integer({ min: 1, max: 80 }),
      slots: fc.integer({ min: 1, max: 64 }),
      killers: fc.uniqueArray(fc.nat(79), { maxLength: 5 }),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(cases, ({ count, slots, killers, seed }) => {
        const present = killers.filter((id) => id < count).sort((a, b) => a - b);
        const outcome = serve(requests(count, present), slots, seededRandom(seed));
        expect(outcome.convicted).toEqual(present);
        expect(outcome.isHunting).toBe(false);
        const perKiller = Math.max(3, 2 + Math.ceil(Math.log2(Math.min(slots, count))));
        expect(outcome.deaths).toBeLessThanOrEqual(present.length * perKiller);
      }),
      { numRuns: 500 },
    );
  });

  it('blames nobody for two accidents', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 16 }),
        fc.nat(),
        (count, slots, seed) => {
          expect(serve(requests(count, []), slots, seededRandom(seed), 2).convicted).toEqual([]);
        },
      ),
    );
  });
});
