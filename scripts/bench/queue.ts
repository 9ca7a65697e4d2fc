/**
 * What a queue costs: adding jobs, against flushing as many small files; passing jobs that are done already; and how much
 * memory the program has after a tenth of a run's jobs and after all of them, with a worker that does them.
 *
 *     node scripts/bench/queue.ts [--jobs 5000] [--quick] [--json]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { publishFile } from '../../src/adapters/files/publish-file.ts';
import { openJobs } from '../../src/adapters/queue/connect-redis.ts';
import { RedisJobSource } from '../../src/adapters/queue/redis-job-source.ts';
import { usualTiming } from '../../src/adapters/queue/redis-jobs.ts';
import { QueueHost } from '../../src/adapters/queue-host/queue-host.ts';
import { FolderStore } from '../../src/adapters/store/folder-store.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { settingsSchema } from '../../src/core/settings/settings-schema.ts';
import { queuedAtOnce } from '../../src/machine-composition.ts';
import { layout } from '../../src/protocol/layout.ts';
import { doJob } from '../../src/services/workers/do-job.ts';
import { startRedis } from '../../test/support/lab/redis.ts';
import { okResult } from '../../test/support/memory-host.ts';
import { sampleEngine, sampleTasks } from '../../test/support/sample-work.ts';
import { inParallel } from './support/in-parallel.ts';
import { writeSpecs } from './support/inputs.ts';
import { assertSucceeded, runProgram } from './support/program.ts';
import { type Figure, figure, printResult } from './support/result.ts';
import { markedEnvironment, memoryOf, processesOf } from './support/run-processes.ts';
import { inSandbox, type Sandbox } from './support/sandbox.ts';

const { values } = parseArgs({
  options: {
    jobs: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const count = Number(values.jobs ?? (values.quick ? 500 : 5_000));
const program = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

const figures = await inSandbox('queue', async (sandbox) => {
  await using redis = await startRedis();
  return [...(await measureJobs(sandbox, redis.url)), ...(await measureMemory(sandbox, redis.url))];
});
printResult({ bench: 'queue', config: { jobs: count, added_at_once: queuedAtOnce }, figures }, values.json);

async function measureJobs(sandbox: Sandbox, url: string): Promise<Figure[]> {
  const folder = sandbox.path('store-of-jobs');
  await mkdir(folder);
  const { queue } = settingsSchema.parse({ queue: { url, store: folder, prefix: 'jobs' } });
  const connect = () => openJobs(queue, process.env);
  const store = new FolderStore(folder);
  const workerCommand = 'cosmos worker';
  const timing = { scanMs: 2_000, refillMs: 15_000, lockMs: 30_000, maxOutageMs: 60_000 };
  const host = new QueueHost({
    connect,
    openStore: async () => store,
    clock: systemClock,
    timing,
    workerCommand,
  });
  const run = await host.openRun('bench', { workers: 1 });
  const engine = sampleEngine(null);
  const tasks = sampleTasks(count);
  const added = await timed(() =>
    inParallel([...tasks.entries()], queuedAtOnce, ([batch_id, task]) =>
      run.submit({ batch_id, tasks: [task] }, engine),
    ),
  );
  const jobs = `${folder}/${layout.run('bench')}/${layout.jobs}`;
  const content = await readFile(`${jobs}/${(await readdir(jobs))[0]}`);
  const flushed = await timed(() =>
    inParallel([...tasks.keys()], queuedAtOnce, (at) =>
      publishFile(sandbox.path('files', `${at}.json`), content),
    ),
  );
  await inParallel(tasks, queuedAtOnce, (task) =>
    store.files.publish(
      `${layout.run('bench')}/${layout.result(task.task_key)}`,
      JSON.stringify(okResult(task, 'x')),
    ),
  );
  const passed = await timed(() => passJobs(connect, store));
  await run.close();
  return [
    figure(`adding ${count} jobs`, added / 1000, 's', count === 5_000 ? '<= 5' : undefined),
    figure('adding, times flushing as many files', added / flushed, ''),
    figure('a job without work', passed / count, 'ms', '<= 5'),
  ];
}

/** Takes all jobs, one after the other, as a worker does whose work is done already. */
async function passJobs(connect: () => ReturnType<typeof openJobs>, store: FolderStore): Promise<void> {
  const source = new RedisJobSource(await connect(), usualTiming);
  const never = () => Promise.reject(new Error('there is work to be done'));
  const quiet = { log: () => undefined, noteProblem: () => undefined };
  const alone = { isForOthers: async () => false, noteUnable: async () => undefined };
  const deps = { machine: 'bench', store, clock: systemClock, leave: new AbortController().signal };
  for (let job = await source.take(['upsample']); job !== null; job = await source.take(['upsample']))
    await doJob(job, { ...deps, openRun: never, closeRun: never, admit: never, ...quiet, ...alone });
  await source.close('bench');
}

/** A run of as many prompts, one a job, which a worker describes. The lowest of some looks counts: what is garbage comes and goes. */
async function measureMemory(sandbox: Sandbox, url: string): Promise<Figure[]> {
  if (process.platform !== 'linux') return [];
  const store = sandbox.path('store-of-run');
  await mkdir(store);
  await writeSpecs(sandbox.path('specs'), count, []);
  const place = ['--queue', url, '--store', store];
  const worker = spawn(process.execPath, [program, 'worker', ...place], {
    env: sandbox.env,
    stdio: 'ignore',
  });
  const looks: { readonly done: number; readonly bytes: number }[] = [];
  const stop = new AbortController();
  const mark = 'queue-bench';
  const watching = (async () => {
    while (!stop.signal.aborted) {
      const [run] = await readdir(`${store}/runs`).catch(() => []);
      const done = run ? (await readdir(`${store}/runs/${run}/results`).catch(() => [])).length : 0;
      const [{ pid } = { pid: 0 }] = (await processesOf(mark)).filter(({ kind }) => kind === 'program');
      const bytes = await memoryOf(pid);
      // It is 0 when the program has just ended.
      if (bytes > 0) looks.push({ done, bytes });
      await delay(250, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  })();
  const flags = ['--allow-text-only', '--engine', 'describe', '--batch-size', '1', '--no-progress'];
  const marked = { ...sandbox, env: markedEnvironment(sandbox.env, mark) };
  const run = await runProgram(marked, ['batch-upsample', 'specs', ...flags, ...place]);
  stop.abort();
  await watching;
  worker.kill('SIGTERM');
  await once(worker, 'exit');
  assertSucceeded(run);
  const least = (from: number, to: number) =>
    Math.min(
      ...looks.filter(({ done }) => done >= from * count && done <= to * count).map(({ bytes }) => bytes),
    );
  const [early, late] = [least(0.1, 0.2), least(0.9, 1)];
  return [
    figure('memory after all jobs, times after a tenth', late / early, '', '<= 1.2'),
    figure('memory after a tenth', early / 1024 ** 2, 'MB'),
    figure('a job of a worker, with its work', run.wallMs / count, 'ms'),
  ];
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
