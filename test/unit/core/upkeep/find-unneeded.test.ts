import { describe, expect, it } from 'vitest';
import { findUnneeded, type HostTree } from '../../../../src/core/upkeep/find-unneeded.ts';
import { hashOf, type MemoryTreeRun, manifestText, memoryTree } from '../../../support/memory-tree.ts';

const dayMs = 86_400_000;
const nowMs = 100 * dayMs;
const rules = { neededRuns: new Set<string>(), keepMs: 7 * dayMs, nowMs };
const finished = { manifests: [manifestText({ [hashOf('a')]: hashOf('1') })], results: [hashOf('a')] };

async function unneeded(parts: Parameters<typeof memoryTree>[0], change: Partial<typeof rules> = {}) {
  return (await findUnneeded(memoryTree(parts), { ...rules, ...change })).map(({ kind, name }) => ({
    kind,
    name,
  }));
}

describe('a run', () => {
  it.each<{ rule: string; run: MemoryTreeRun; isKept: boolean; needed?: string[] }>([
    { rule: 'that is finished and old goes', run: finished, isKept: false },
    { rule: 'that is empty and old goes', run: {}, isKept: false },
    {
      rule: 'that was touched within keep stays',
      run: { ...finished, modifiedMs: nowMs - dayMs },
      isKept: true,
    },
    {
      rule: 'touched just before keep goes',
      run: { ...finished, modifiedMs: nowMs - 7 * dayMs },
      isKept: false,
    },
    { rule: 'touched in the future stays', run: { ...finished, modifiedMs: nowMs + dayMs }, isKept: true },
    { rule: 'that a worker serves stays', run: { ...finished, isServed: true }, isKept: true },
    { rule: 'that this machine waits for stays', run: finished, isKept: true, needed: ['run'] },
    { rule: 'with an open task stays', run: { ...finished, results: [] }, isKept: true },
    {
      rule: 'with an open task in its second manifest stays',
      run: { ...finished, manifests: [...finished.manifests, manifestText({ [hashOf('b')]: null })] },
      isKept: true,
    },
    {
      rule: 'with a damaged manifest stays',
      run: { ...finished, manifests: ['{"version":1,'] },
      isKept: true,
    },
    {
      rule: 'with a manifest of another shape stays',
      run: { ...finished, manifests: ['{"version":9,"work":[]}'] },
      isKept: true,
    },
  ])('$rule', async ({ run, isKept, needed }) => {
    const found = await unneeded({ runs: { run } }, { neededRuns: new Set(needed) });
    expect(found).toEqual(isKept ? [] : [{ kind: 'run', name: 'run' }]);
  });
});

describe('an object', () => {
  const object = { [hashOf('1')]: {} };

  it.each<{ rule: string; run: MemoryTreeRun; isKept: boolean }>([
    { rule: 'of a run that stays stays', run: { ...finished, isServed: true }, isKept: true },
    { rule: 'of a run that goes goes with it', run: finished, isKept: false },
    {
      rule: 'that a damaged manifest still names stays',
      run: { manifests: [`{"batches":[{"tasks":[{"hint":{"sha256":"${hashOf('1')}"`] },
      isKept: true,
    },
  ])('$rule', async ({ run, isKept }) => {
    const found = (await unneeded({ runs: { run }, objects: object })).filter(
      ({ kind }) => kind === 'object',
    );
    expect(found).toEqual(isKept ? [] : [{ kind: 'object', name: hashOf('1') }]);
  });

  it.each([
    { what: 'open', results: [], isKept: true },
    { what: 'done', results: [hashOf('a')], isKept: false },
  ])('that is the source or the model of a video stays while it is unfinished: $what', async (run) => {
    const task = { task_key: hashOf('a'), clip: { source: hashOf('1') } };
    const manifest = {
      ...{ version: 1, kind: 'upscale', engine: { kind: 'onnx', model: hashOf('2') } },
      batches: [{ batch_id: 0, tasks: [task] }],
    };
    const objects = { [hashOf('1')]: {}, [hashOf('2')]: {}, [hashOf('3')]: {} };
    const runs = { run: { manifests: [JSON.stringify(manifest)], results: run.results } };
    const found = (await unneeded({ runs, objects })).filter(({ kind }) => kind === 'object');
    const others = run.isKept ? [] : [hashOf('1'), hashOf('2')];
    expect(found.map(({ name }) => name)).toEqual([...others, hashOf('3')]);
  });

  it.each([
    { keepMs: 7 * dayMs, ageMs: dayMs, isKept: true },
    { keepMs: 7 * dayMs, ageMs: 8 * dayMs, isKept: false },
    { keepMs: 0, ageMs: 10 * 60_000, isKept: true },
    { keepMs: 0, ageMs: 2 * 3_600_000, isKept: false },
  ])(
    'of no run stays while it is young: keep $keepMs ms, $ageMs ms old',
    async ({ keepMs, ageMs, isKept }) => {
      const modifiedMs = nowMs - ageMs;
      const parts = { objects: { [hashOf('1')]: { modifiedMs } }, uploads: { 'incoming/x': { modifiedMs } } };
      expect(await unneeded(parts, { keepMs })).toHaveLength(isKept ? 0 : 2);
    },
  );
});

it('looks into each run once, also into many', async () => {
  const runs = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`run-${index}`, finished]));
  let reads = 0;
  const tree = memoryTree({ runs });
  const manifests: HostTree['manifests'] = (...given) => {
    reads++;
    return tree.manifests(...given);
  };
  expect(await findUnneeded({ ...tree, manifests }, rules)).toHaveLength(100);
  expect(reads).toBe(100);
});

it('says why', async () => {
  const found = await findUnneeded(
    memoryTree({ runs: { run: { ...finished, modifiedMs: nowMs - 9.5 * dayMs }, none: {} } }),
    rules,
  );
  expect(found.map(({ reason }) => reason)).toEqual([
    'all of it has results, untouched for 9 days',
    'nothing was submitted, untouched for 100 days',
  ]);
});
