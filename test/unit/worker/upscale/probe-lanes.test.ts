import { expect, it } from 'vitest';
import { probeLanes } from '../../../../src/worker/upscale/probe-lanes.ts';
import { LaneError } from '../../../../src/worker/upscale/upscale-engine.ts';
import { ScriptedEngine } from '../../../support/memory-frames.ts';

const { signal } = new AbortController();
const from = { width: 16, height: 16, pixelFormat: 'gray' };

/** Probes up to four lanes. @param speedOf - Calls in 40 ms of so many lanes together; 0: memory does not suffice. */
async function probe(speedOf: (lanes: number) => number) {
  let timeMs = 0;
  const engine = new ScriptedEngine(({ request: { lanes } }) => {
    if (speedOf(lanes) === 0) throw new LaneError('out-of-memory', 'no memory');
    timeMs += 40 / speedOf(lanes);
  });
  const to = engine.outputFormat(from);
  const request = { from, to, clip: null, size: { batchSize: 8, tile: 0 } };
  const log: string[] = [];
  const parts = { engine, request, maxLanes: 4, nowMs: () => timeMs, log: (line: string) => log.push(line) };
  return { lanes: await probeLanes(parts, signal), openLanes: engine.openLanes, log };
}

it.each([
  { name: 'all, when each brings as much', speedOf: (lanes: number) => lanes, expected: 4 },
  { name: 'one, when more bring nothing', speedOf: () => 1, expected: 1 },
  { name: 'one, when more bring too little', speedOf: (lanes: number) => 1 + lanes / 100, expected: 1 },
  {
    name: 'two, when the third brings too little',
    speedOf: (lanes: number) => Math.min(lanes, 2),
    expected: 2,
  },
  {
    name: 'two, when there is no memory for three',
    speedOf: (lanes: number) => (lanes > 2 ? 0 : lanes),
    expected: 2,
  },
  { name: 'one, when memory suffices for none', speedOf: () => 0, expected: 1 },
  { name: 'one, when a probe takes minutes', speedOf: (lanes: number) => lanes / 10_000, expected: 1 },
])('$name', async ({ speedOf, expected }) => {
  const { lanes, openLanes } = await probe(speedOf);
  expect([lanes, openLanes]).toEqual([expected, 0]);
});

it('tells what it measured', async () => {
  const { log } = await probe((lanes) => lanes);
  expect(log[1]).toBe('2 lanes: 400.00 frames per second');
});

it('a failure that would come again is not taken for a slow lane', async () => {
  const engine = new ScriptedEngine(() => {
    throw new Error('no such model');
  });
  const request = { from, to: engine.outputFormat(from), clip: null, size: { batchSize: 8, tile: 0 } };
  const parts = { engine, request, maxLanes: 4, nowMs: () => 0, log: () => undefined };
  await expect(probeLanes(parts, signal)).rejects.toThrow('no such model');
  expect(engine.openLanes).toBe(0);
});
