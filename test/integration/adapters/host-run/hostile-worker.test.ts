import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { sendForever, startHostileHttp } from '../../../support/hostile/http-server.ts';
import { mostMemoryMib, runVictim } from '../../../support/hostile/victim.ts';
import { okResult } from '../../../support/memory-host.ts';
import { sampleTasks } from '../../../support/sample-work.ts';
import { workerStatus } from '../../../support/sample-worker-status.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const open: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.stop()));
});

async function worker(answer: (response: ServerResponse, path: string) => void) {
  const folder = await temporaryFolder();
  const socketPath = join(folder, 'w.sock');
  open.push(await startHostileHttp(socketPath, (path, response) => answer(response, path)));
  return { socketPath, folder };
}

const line = (event: object) => `${JSON.stringify(event)}\n`;

describe('a worker that is none', () => {
  it.each([
    { scene: 'slotStatus', path: '/status' },
    { scene: 'missing', path: '/missing_objects' },
    { scene: 'watch', path: '/events' },
  ])('is not read to its end: $path', async ({ scene, path }) => {
    const end = await runVictim(scene, await worker((response) => sendForever(response, '{"a":"', 'x')));
    expect(end.error?.code).toBe('worker-failed');
    expect(end.error?.message).toMatch(
      `liar: a worker's answer to ${path} cannot be right: there is more than`,
    );
    expect(end.memoryMib).toBeLessThan(mostMemoryMib);
  });

  it('cannot fill memory with events, faster than they are looked at', async () => {
    const [own] = sampleTasks(1);
    const ofTask = (key: string, text: string) => ({
      ...okResult({ ...own, task_key: key } as never, text),
      text,
    });
    const foreign = Array.from({ length: 50 }, (_, at) =>
      ofTask(at.toString(16).padStart(64, '0'), 'x'.repeat(50_000)),
    );
    const status = { ...workerStatus({ message: 'y'.repeat(100_000) }), worker_id: 77 };
    const events = [
      { type: 'status', status },
      { type: 'task-finished', result: ofTask(own?.task_key ?? '', 'z'.repeat(100_000)) },
      ...foreign.map((result) => ({ type: 'task-finished', result })),
      { type: 'task-started', task_key: 'f'.repeat(64) },
    ];
    const given = await worker((response) => sendForever(response, '', events.map(line).join('')));
    const end = await runVictim('watch', given);
    const seen = end.value as string[];
    // Each result once, whoever submitted its task; of itself, whatever it calls itself.
    const finished = seen.filter((event) => event.startsWith('task-finished'));
    expect(new Set(finished).size).toBe(finished.length);
    expect(finished).toContain(`task-finished ${own?.task_key}`);
    expect(seen).toContain('worker-status 0 2000');
    expect(end.memoryMib).toBeLessThan(mostMemoryMib);
  });
});
