import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { EngineSpec } from '../../../../src/protocol/manifest.ts';
import { sampleEngine, sampleTasks } from '../../../support/sample-work.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { exitOf } from '../../../support/worker-rig.ts';
import { SlotRig } from './slot-rig.ts';

const program = join(import.meta.dirname, '../../../support/stand-in/bin/vllm.js');

let rig: SlotRig;
let journal: string;

beforeEach(() => {
  rig = new SlotRig();
  journal = join(rig.root, 'journal.jsonl');
  writeFileSync(journal, '');
});

afterEach(() => rig.close());

/** An engine with a server of its own, which writes down its starts. */
function servedEngine(): EngineSpec {
  const command = [process.execPath, program, 'serve', 'stand-in', '--port', '{port}'];
  return sampleEngine(null, { command });
}

const starts = () => {
  const lines = readFileSync(journal, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line)).filter(({ event }) => event === 'start');
};

/** Does a run from its opening to its end. */
async function doRun(runId: string, isOffloaded: boolean): Promise<void> {
  const tasks = sampleTasks(3, null, runId);
  await rig.open(runId, isOffloaded);
  await rig.submit(runId, 0, servedEngine(), tasks);
  await rig.allResults(runId, tasks);
  await rig.callWorker(runId, 'POST', '/shutdown', {});
  await waitFor(async () => (await rig.status()).runs.length === 0);
}

const engineState = async () => (await rig.status()).engine?.state;

it('keeps the engine warm from run to run, unless it is told to offload it', async () => {
  await rig.start([], { STAND_IN_JOURNAL: journal });
  await doRun('run-1', false);
  expect([await engineState(), starts().length]).toEqual(['ready', 1]);
  await doRun('run-2', true);
  await waitFor(async () => (await engineState()) === 'stopped');
  expect(starts().length).toBe(1);
  await doRun('run-3', false);
  expect([await engineState(), starts().length]).toEqual(['ready', 2]);
});

it('stops the engine when it ends for having nothing to do', async () => {
  const tasks = sampleTasks(3);
  rig.writeManifest('run-1', 0, servedEngine(), tasks);
  rig.remember('run-1');
  expect(await exitOf(rig.spawn(['--idle-timeout-ms', '800'], { STAND_IN_JOURNAL: journal }))).toBe(0);
  expect(rig.results('run-1', tasks)).toHaveLength(3);
  const [{ pid }] = starts();
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});
