import { seededRandom } from '../../test/support/stand-in/faults.ts';

/** How the machines of a scene are shared. */
export type FarmPlace = 'pool' | 'queue';

export type FarmWork = 'upscale' | 'prompts';

/** What goes wrong, and where it can. `lasts`: how many times as long as a lock, at least and at most. */
interface FarmFaultFacts {
  readonly places: readonly FarmPlace[];
  readonly works: readonly FarmWork[];
  readonly lasts?: readonly [number, number];
}

const both: Pick<FarmFaultFacts, 'works'> = { works: ['upscale', 'prompts'] };
const anywhere: FarmFaultFacts = { ...both, places: ['pool', 'queue'] };
const inQueue: FarmFaultFacts = { ...both, places: ['queue'] };

/** Every kind of fault. */
export const farmFaults = {
  'client killed': anywhere,
  'client stopped past its lock': { ...anywhere, lasts: [1.2, 3] },
  'slot killed': anywhere,
  'all slots killed': anywhere,
  'slot stopped past its lock': { ...anywhere, lasts: [1.2, 3] },
  'worker killed': inQueue,
  'all workers killed': inQueue,
  'worker stopped past its lock': { ...inQueue, lasts: [1.2, 3] },
  'machine stopped past its lock': { ...inQueue, lasts: [1.2, 3] },
  'worker cut off for three lock times': { ...inQueue, lasts: [3, 3] },
  'client cut off for three lock times': { ...inQueue, lasts: [3, 3] },
  'Redis restarted empty': { ...inQueue, lasts: [0.1, 1.5] },
  'Redis restarted with its log': { ...inQueue, lasts: [0.1, 1.5] },
  'finalizer killed': { places: ['queue'], works: ['upscale'] },
  'one segment loses its worker five times': { places: ['queue'], works: ['upscale'] },
} as const satisfies Readonly<Record<string, FarmFaultFacts>>;

export type FarmFault = keyof typeof farmFaults;

const factsOf = (kind: FarmFault): FarmFaultFacts => farmFaults[kind];

/** One fault at its moment: so many results stand, and then a little later. */
export interface PlannedFarmFault {
  readonly kind: FarmFault;
  readonly afterResults: number;
  readonly waitMs: number;
  /** Which machine it hits, of those there are. */
  readonly machine: number;
  readonly lastsMs: number;
}

/** One small run over several machines, with what goes wrong on the way. */
export interface FarmScene {
  readonly number: number;
  readonly place: FarmPlace;
  readonly work: FarmWork;
  readonly machines: number;
  /** The client submits everything and leaves; it comes back when the work is done. */
  readonly isLeft: boolean;
  /** How long a killed client stays away, in milliseconds. */
  readonly awayMs: number;
  readonly faults: readonly PlannedFarmFault[];
}

/** How much there is to do in a scene. */
export const taskCounts: Readonly<Record<FarmWork, number>> = { upscale: 5, prompts: 16 };

const longestWaitMs = 300;
const mostFaults = 3;

interface PlanOptions {
  readonly seed: number;
  readonly number: number;
  /** How long a lock lives in the scene, in milliseconds. */
  readonly lockMs: number;
  readonly only?: FarmPlace | undefined;
}

/** The scene of this number; the same seed gives the same scene. Over as many scenes as there are kinds each kind comes first once. */
export function planFarmScene({ seed, number, lockMs, only }: PlanOptions): FarmScene {
  const random01 = seededRandom(Math.imul(seed, 0x9e37_79b1) ^ Math.imul(number + 1, 0x85eb_ca6b));
  const firsts = combinations(only);
  const first = pick(firsts, (number + 0.5) / firsts.length - Math.floor(number / firsts.length));
  const { place, work } = first;
  const kinds = kindsFor(place, work);
  const more = Math.floor(random01() * mostFaults);
  const others = Array.from({ length: more }, () => pick(kinds, random01()));
  const chosen = [first.kind, ...others].filter(
    // It has a script of its own: another one of its kind would only wait for it.
    (kind, at, all) => !scripted.has(kind) || all.indexOf(kind) === at,
  );
  const isFinalized = chosen.includes('finalizer killed');
  return {
    ...{ number, place, work },
    machines: 2 + Math.floor(random01() * 2),
    isLeft: isFinalized || (!chosen.includes('one segment loses its worker five times') && random01() < 0.2),
    awayMs: Math.floor(random01() ** 2 * 3_000),
    faults: chosen.map((kind) => {
      const [least, most] = factsOf(kind).lasts ?? [0, 0];
      return {
        kind,
        afterResults: Math.floor(random01() * (taskCounts[work] - 1)),
        waitMs: Math.floor(random01() * longestWaitMs),
        machine: Math.floor(random01() * 6),
        lastsMs: Math.round(lockMs * (least + random01() * (most - least))),
      };
    }),
  };
}

const scripted: ReadonlySet<FarmFault> = new Set([
  'finalizer killed',
  'one segment loses its worker five times',
]);

function kindsFor(place: FarmPlace, work: FarmWork): FarmFault[] {
  return names.filter((kind) => factsOf(kind).places.includes(place) && factsOf(kind).works.includes(work));
}

const names = Object.keys(farmFaults) as FarmFault[];

/** Every kind of fault with every place and work that it can hit; places take turns. */
function combinations(only: FarmPlace | undefined) {
  const places = only === undefined ? (['queue', 'pool'] as const) : [only];
  const works = ['upscale', 'prompts'] as const;
  return works.flatMap((work) =>
    places.flatMap((place) => kindsFor(place, work).map((kind) => ({ kind, place, work }))),
  );
}

function pick<T>(all: readonly T[], share01: number): T {
  const found = all[Math.floor(share01 * all.length)];
  if (found === undefined) throw new Error('there is nothing to choose from');
  return found;
}
