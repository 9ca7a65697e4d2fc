import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CrashBisector } from '../../../../src/worker/model-server/crash-bisector.ts';
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
  const bisector = new CrashBisector<Request>();
  const waiting = [...all];
  const convicted: number[] = [];
  let deaths = 0;
  let accidentsLeft = accidents;
  const done = (request: Request) => waiting.splice(waiting.indexOf(request), 1);
  while (waiting.length > 0) {
    const inFlight = waiting.filter((request) => bisector.maySend(request)).slice(0, slots);
    expect(inFlight.length).toBeGreaterThan(0);
    const isAccident = accidentsLeft > 0 && random01() < 0.3;
    const killers = inFlight.filter(({ isKiller }) => isKiller);
    const answered = inFlight.filter(({ isKiller }) => !isKiller && random01() < 0.5);
    const first = answered.length > 0 ? answered : inFlight.slice(0, 1);
    for (const request of killers.length > 0 || isAccident ? answered : first) {
      bisector.clear(request);
      done(request);
    }
    if (killers.length === 0 && !isAccident) continue;
    if (isAccident) accidentsLeft -= 1;
    deaths += 1;
    const poison = bisector.died(inFlight.filter((request) => waiting.includes(request)));
    if (poison) convicted.push(done(poison)[0]?.id ?? -1);
  }
  return { convicted: convicted.sort((a, b) => a - b), deaths, isBisecting: bisector.isBisecting };
}

describe('CrashBisector', () => {
  it('lets everybody through while nothing died', () => {
    const bisector = new CrashBisector<Request>();
    const [one] = requests(1, []);
    if (!one) throw new Error('no request');
    expect(bisector.maySend(one)).toBe(true);
    expect(bisector.died([])).toBeNull();
    expect(bisector.isBisecting).toBe(false);
  });

  it('asks one half, while the other half and newcomers wait', () => {
    const bisector = new CrashBisector<Request>();
    const all = requests(6, []);
    expect(bisector.died(all.slice(0, 4))).toBeNull();
    expect(all.map((request) => bisector.maySend(request))).toEqual([true, true, false, false, false, false]);
    for (const request of all.slice(0, 2)) bisector.clear(request);
    // Whoever killed it is in the other half, so that one is halved without another death.
    expect(all.map((request) => bisector.maySend(request))).toEqual([
      false,
      false,
      true,
      false,
      false,
      false,
    ]);
    for (const request of all.slice(2, 4)) bisector.clear(request);
    expect(bisector.isBisecting).toBe(false);
    expect(bisector.maySend(all[5] ?? { id: -1, isKiller: false })).toBe(true);
  });

  it('proves nothing by two deaths, not even of a request that was alone', () => {
    const bisector = new CrashBisector<Request>();
    const one = { id: 0, isKiller: true };
    expect(bisector.died([one])).toBeNull();
    expect(bisector.died([one])).toBeNull();
    expect(bisector.died([one])).toBe(one);
    expect(bisector.deathsOf(one)).toBe(3);
    expect(bisector.isBisecting).toBe(false);
  });

  it('finds every killer and no other request, in few deaths', () => {
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
        expect(outcome.isBisecting).toBe(false);
        const perKiller = Math.max(3, 2 + Math.ceil(Math.log2(Math.min(slots, count))));
        expect(outcome.deaths).toBeLessThanOrEqual(present.length * perKiller);
      }),
      { numRuns: 500 },
    );
  });

  it('proves nothing by two accidents', () => {
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
