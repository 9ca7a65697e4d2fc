import { createHash } from 'node:crypto';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { acquireProcessLock } from '../../../../src/adapters/files/process-lock.ts';
import { LocalObjectStore } from '../../../../src/adapters/local-host/local-host.ts';
import { LocalUpkeep } from '../../../../src/adapters/local-host/local-upkeep.ts';
import type { Clock } from '../../../../src/ports/clock.ts';
import type { Unneeded } from '../../../../src/ports/host-upkeep.ts';
import { hashOf, manifestText } from '../../../support/memory-tree.ts';
import { workerStatus } from '../../../support/sample-worker-status.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const folder = await temporaryFolder();
const dayMs = 86_400_000;
let roots = 0;

/** Everything was written now; looking thirty days later makes all of it old. */
const later: Clock = { now: () => Date.now() + 30 * dayMs, sleep: async () => undefined };
const rules = { neededRuns: new Set<string>(), keepMs: 7 * dayMs };

async function newRoot(files: Readonly<Record<string, string>>) {
  const root = join(folder, `root-${roots++}`);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return { root, upkeep: new LocalUpkeep({ root, clock: later }) };
}

/** A run with one task, finished or not, over one object. */
function runFiles(runId: string, letter: string, isFinished: boolean): Record<string, string> {
  const key = hashOf(letter);
  const files: Record<string, string> = {
    [`runs/${runId}/manifests/worker_0_manifest_0.json`]: manifestText({ [key]: key }),
    [`objects/${key}`]: `bytes of ${letter}`,
  };
  if (isFinished) files[`runs/${runId}/results/${key}.json`] = '{}';
  return files;
}

describe('LocalUpkeep', () => {
  it('finds and removes old finished runs, their objects and leftovers, and nothing else', async () => {
    const { root, upkeep } = await newRoot({
      ...runFiles('done-run', 'a', true),
      ...runFiles('open-run', 'b', false),
      'incoming/part-1': 'half a file',
      [`objects/${hashOf('a')}.0123456789ab.tmp`]: 'half an object',
      'objects/README': 'of the user',
    });
    const unneeded = await upkeep.findUnneeded(rules);
    expect(unneeded.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'run done-run',
      `object ${hashOf('a')}`,
      'upload incoming/part-1',
      `upload objects/${hashOf('a')}.0123456789ab.tmp`,
    ]);
    expect(unneeded[1]?.sizeBytes).toBe('bytes of a'.length);
    // Not by their reasons, which tell ages.
    const names = (things: readonly Unneeded[]) => things.map(({ kind, name }) => `${kind} ${name}`);
    expect(names(await upkeep.remove(unneeded, rules))).toEqual(names(unneeded));
    expect(await readdir(join(root, 'runs'))).toEqual(['open-run']);
    expect((await readdir(join(root, 'objects'))).sort()).toEqual(['README', hashOf('b')].sort());
    expect(await readdir(join(root, 'incoming'))).toEqual([]);
    expect(await upkeep.findUnneeded(rules)).toEqual([]);
  });

  it('counts the segments of a run, and their time', async () => {
    const { root } = await newRoot({
      ...runFiles('done-run', 'a', true),
      'runs/done-run/segments/a.mp4': 'a segment that nobody brought home',
    });
    const [clock, keep] = [
      { ...later, now: () => Date.now() },
      { ...rules, keepMs: 1_000 },
    ];
    const makeOld = async (...names: readonly string[]) => {
      for (const name of names) await utimes(join(root, 'runs/done-run', name), new Date(0), new Date(0));
    };
    await makeOld('manifests', 'results', '');
    const runs = async () =>
      (await new LocalUpkeep({ root, clock }).findUnneeded(keep)).filter(({ kind }) => kind === 'run');
    expect(await runs()).toEqual([]);
    await makeOld('segments');
    expect(await runs()).toMatchObject([{ name: 'done-run' }]);
    expect((await runs())[0]?.sizeBytes).toBeGreaterThan('a segment that nobody brought home'.length);
  });

  it('does not remove what became needed in between', async () => {
    const { root, upkeep } = await newRoot(runFiles('done-run', 'a', true));
    const unneeded = await upkeep.findUnneeded(rules);
    const manifest = join(root, 'runs/done-run/manifests/worker_0_manifest_1.json');
    await writeFile(manifest, manifestText({ [hashOf('c')]: hashOf('a') }));
    expect(unneeded).toHaveLength(2);
    expect(await upkeep.remove(unneeded, rules)).toEqual([]);
    expect(await readdir(join(root, 'runs'))).toEqual(['done-run']);
  });

  it('does not remove what is touched after its last look', async () => {
    const content = 'bytes of a hint';
    const sha256 = createHash('sha256').update(content).digest('hex');
    const { root } = await newRoot({ [`objects/${sha256}`]: content, 'incoming/x': 'x' });
    class TouchedUpkeep extends LocalUpkeep {
      /** As a run that begins looks for its hints right after the tidying did. */
      override async findUnneeded(...args: Parameters<LocalUpkeep['findUnneeded']>) {
        const found = await super.findUnneeded(...args);
        expect(await new LocalObjectStore(root).missing([sha256])).toEqual(new Set());
        return found;
      }
    }
    const upkeep = new TouchedUpkeep({ root, clock: later });
    const removed = await upkeep.remove(await upkeep.findUnneeded(rules), rules);
    expect(removed.map(({ kind }) => kind)).toEqual(['upload']);
    expect(await readdir(join(root, 'objects'))).toEqual([sha256]);
  });

  it('is no trouble for another one that goes on at the same time', async () => {
    const files = Array.from({ length: 40 }, (_, at) => runFiles(`done-run-${at}`, 'a', true));
    const { root, upkeep } = await newRoot(Object.assign({}, ...files));
    const unneeded = await upkeep.findUnneeded(rules);
    const other = new LocalUpkeep({ root, clock: later });
    const removed = await Promise.all([upkeep.remove(unneeded, rules), other.remove(unneeded, rules)]);
    expect(removed.flat().filter(({ kind }) => kind === 'run')).toHaveLength(40);
    expect([await readdir(join(root, 'runs')), await readdir(join(root, 'incoming'))]).toEqual([[], []]);
  });

  it('removes nothing that was not found, whatever it is asked', async () => {
    const { root, upkeep } = await newRoot({ ...runFiles('open-run', 'b', false), '../outside': 'x' });
    const asked = [
      { kind: 'upload', name: '../outside', sizeBytes: 1, reason: '' },
      { kind: 'run', name: 'open-run', sizeBytes: 1, reason: '' },
    ] as const;
    expect(await upkeep.remove(asked, rules)).toEqual([]);
    expect(await readdir(folder)).toContain('outside');
    expect(await readdir(join(root, 'runs'))).toEqual(['open-run']);
  });

  it('counts the time of placing, not that of the content', async () => {
    const { root } = await newRoot({ [`objects/${hashOf('a')}`]: 'old content' });
    await utimes(join(root, 'objects', hashOf('a')), new Date(0), new Date(0));
    const clock: Clock = { ...later, now: () => Date.now() };
    expect(await new LocalUpkeep({ root, clock }).findUnneeded({ ...rules, keepMs: 0 })).toEqual([]);
  });

  it('keeps and shows a run that a live worker holds', async () => {
    const status = workerStatus({ completed_tasks: 3 });
    const { root, upkeep } = await newRoot({
      ...runFiles('done-run', 'a', true),
      'runs/done-run/status/worker_0_status.json': JSON.stringify(status),
    });
    const lock = await acquireProcessLock(join(root, 'runs/done-run/worker_0.lock'));
    expect(await upkeep.findUnneeded(rules)).toEqual([]);
    const facts = await upkeep.status();
    expect(facts).toMatchObject({ name: 'local', address: 'this machine', dockerVersion: null });
    expect(facts.disk?.freeBytes).toBeGreaterThan(0);
    expect(facts.slots).toEqual([
      expect.objectContaining({
        slotId: 0,
        state: 'running',
        container: `process ${process.pid}`,
        status: expect.objectContaining({ runs: [{ run_id: 'done-run', status }] }),
      }),
    ]);
    if (lock.isHeld) await lock.release();
    expect(await upkeep.findUnneeded(rules)).toHaveLength(2);
  });

  it('looks at a root that is not there yet', async () => {
    const upkeep = new LocalUpkeep({ root: join(folder, 'nowhere'), clock: later });
    expect(await upkeep.findUnneeded(rules)).toEqual([]);
    expect(await upkeep.status()).toMatchObject({ slots: [], disk: null });
  });

  it('has nothing to prepare', async () => {
    const { upkeep } = await newRoot({});
    await expect(upkeep.prepare()).rejects.toMatchObject({ code: 'usage-invalid', exitCode: 2 });
  });
});
