import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { askPassphrase } from './adapters/ask-passphrase.ts';
import { expandHome } from './adapters/cosmos-folders.ts';
import { lazy } from './adapters/lazy.ts';
import { LocalHost } from './adapters/local-host/local-host.ts';
import { LocalUpkeep } from './adapters/local-host/local-upkeep.ts';
import type { SpareWorker, WorkerProgram } from './adapters/local-host/spare-worker.ts';
import type { RemoteMachineOptions } from './adapters/ssh-host/remote-machine.ts';
import { systemClock } from './adapters/system-clock.ts';
import { keyVariablesName, weightTokens } from './core/child-environment.ts';
import {
  hostNamed,
  machinesNamed,
  queueHostName,
  workerCommandOf,
  workersOf,
} from './core/settings/host-named.ts';
import type { Settings } from './core/settings/settings-schema.ts';
import { AppError } from './errors/app-error.ts';
import type { Host, Machine } from './ports/host.ts';
import type { HostUpkeep, ImageRole } from './ports/host-upkeep.ts';
import type { QueueUpkeep } from './ports/queue-upkeep.ts';
import type { SharedStore } from './ports/shared-store.ts';
import type { QueueServiceDeps } from './services/workers/serve-queue.ts';

const bytesPerGb = 1024 ** 3;

const hostMethods = ['openRun', 'stopRun', 'lookUp', 'readLog', 'close'] as const;

/** Has every program that this process starts go without the variables that settings name as keys. */
export function nameKeyVariables({ upsampling, queue }: Settings): void {
  const named = (process.env[keyVariablesName] ?? '').split(',');
  const names = new Set([...named, upsampling.engine.api_key_env, queue.password_env]);
  process.env[keyVariablesName] = [...names].filter((name) => name !== '').join(',');
}

/** A machine, a pool or the queue of the settings. @param spare - What becomes the worker of a run on this machine alone. */
export function createHost(host: string, settings: Settings, spare: SpareWorker): Host {
  if (host === queueHostName) return createQueueHost(settings);
  const { names, isPool, copyAfterMs, copiesPrompts } = machinesNamed(settings, host);
  if (!isPool) return createMachine(names[0] ?? host, settings, spare);
  const machines = names.map((name) => ({
    name,
    host: createMachine(name, settings),
    workers: workersOf(settings, name),
  }));
  const pool = lazy<Host>(host, hostMethods, async () => {
    const { PoolHost } = await import('./adapters/pool-host/pool-host.ts');
    const { CanaryCheck } = await import('./adapters/pool-host/canary-check.ts');
    const createCheck = () => new CanaryCheck(systemClock);
    const options = { machines, clock: systemClock, copyAfterMs, copiesPrompts, createCheck };
    return new PoolHost({ name: host, ...options });
  });
  return { ...pool, isSpread: true };
}

function createMachine(name: string, settings: Settings, spare?: SpareWorker): Machine {
  if (name === 'local') {
    const { program, secretVariables } = localWorkerProgram(settings);
    const options = { root: localRoot(settings), workerProgram: program, clock: systemClock };
    return new LocalHost({ ...options, secretVariables, ...(spare && { spare }) });
  }
  const options = machineOptionsOf(name, settings);
  return lazy<Machine>(name, hostMethods, async () => {
    const { SshHost } = await import('./adapters/ssh-host/ssh-host.ts');
    return new SshHost(options);
  });
}

/** Each batch becomes a file that is flushed and a job in Redis: side by side they share flushes and calls. */
export const queuedAtOnce = 32;

function createQueueHost(settings: Settings): Host {
  const queue = lazy<Host>(queueHostName, [...hostMethods, 'fetchFinal', 'noteFinished'], async () => {
    const [{ QueueHost }, { openJobs }] = await Promise.all([
      import('./adapters/queue-host/queue-host.ts'),
      import('./adapters/queue/connect-redis.ts'),
    ]);
    return new QueueHost({
      connect: () => openJobs(settings.queue, process.env),
      openStore: () => openStore(settings),
      workerCommand: workerCommandOf(settings.queue),
      clock: systemClock,
      timing: {
        scanMs: 2_000,
        refillMs: 15_000,
        lockMs: 30_000,
        maxOutageMs: Math.round(settings.retry.max_outage_s * 1000),
      },
    });
  });
  return { ...queue, isSpread: true, submitsAtOnce: queuedAtOnce };
}

async function openStore(settings: Settings): Promise<SharedStore> {
  return await (await import('./adapters/store/open-store.ts')).openStore(settings);
}

/** Upkeep of the queue of the settings. */
export async function openQueueUpkeep(settings: Settings): Promise<QueueUpkeep> {
  const { RedisQueueUpkeep } = await import('./adapters/queue-host/redis-queue-upkeep.ts');
  return new RedisQueueUpkeep({
    settings: settings.queue,
    openStore: () => openStore(settings),
    environment: process.env,
    clock: systemClock,
  });
}

/** What a worker of the queue needs beside the ports. */
export async function openQueueWorker(
  settings: Settings,
  { name, slots }: { readonly name: string; readonly slots: number },
): Promise<Pick<QueueServiceDeps, 'source' | 'store' | 'place' | 'admit'>> {
  const [{ openJobs }, { RedisJobSource }, { usualTiming }, { takeWorkerPlace }, { admitByCanary }] =
    await Promise.all([
      import('./adapters/queue/connect-redis.ts'),
      import('./adapters/queue/redis-job-source.ts'),
      import('./adapters/queue/redis-jobs.ts'),
      import('./adapters/queue/worker-place.ts'),
      import('./adapters/queue/admit-by-canary.ts'),
    ]);
  const store = await openStore(settings);
  const source = new RedisJobSource(await openJobs(settings.queue, process.env), usualTiming);
  const place = await takeWorkerPlace({
    root: join(localRoot(settings), 'queue-workers'),
    ...{ name, slots, cacheBytes: settings.queue.cache_size_gb * bytesPerGb },
    createHost: (root) =>
      new LocalHost({ root, workerProgram: workerProgram(), clock: systemClock, isTied: true }),
  });
  const workers = () => source.workers();
  const admit = admitByCanary({ store, clock: systemClock, name: place.name, workers });
  return { source, store, place, admit };
}

/** What workers of this machine are started with. */
export function localWorkerProgram({ upsampling }: Settings) {
  const secretVariables = [upsampling.engine.api_key_env, ...weightTokens];
  return { program: workerProgram(), secretVariables } satisfies WorkerProgram;
}

export function workerProgram(): string {
  return fileURLToPath(new URL('./worker.mjs', import.meta.url));
}

function queueIsNoMachine(): AppError {
  return new AppError({
    code: 'usage-invalid',
    message: 'A queue is not a machine: its workers look after their own machines.',
    nextStep: 'Show its state with: cosmos queue status; clean up its store with: cosmos queue prune',
  });
}

/** @throws AppError `usage-invalid` for what is not one machine. */
export function createUpkeep(host: string, settings: Settings): HostUpkeep {
  if (host === queueHostName) throw queueIsNoMachine();
  const { names } = machinesNamed(settings, host);
  const [name = host] = names;
  if (names.length > 1 || name !== host) throw notOneMachine(host, names);
  if (name === 'local') return new LocalUpkeep({ root: localRoot(settings), clock: systemClock });
  const options = machineOptionsOf(name, settings);
  const buildFilesOf = (role: ImageRole) => ({
    dockerfile: fileURLToPath(new URL(`../docker/${role}/Dockerfile`, import.meta.url)),
    workerBundle: fileURLToPath(new URL('./worker.mjs', import.meta.url)),
  });
  const buildFiles = {
    upsampler: buildFilesOf('upsampler'),
    upscaler: buildFilesOf('upscaler'),
    inference: buildFilesOf('inference'),
  };
  const { engine } = settings.upsampling;
  const servesModel = engine.kind === 'openai' && engine.base_url === '';
  const servedModel = engine.command.length === 0 ? engine.model : '';
  const upscalesWithModel = settings.upscaling.engine === 'onnx';
  const methods = ['prepare', 'status', 'findUnneeded', 'remove', 'check', 'close'] as const;
  return lazy<HostUpkeep>(name, methods, async () => {
    const { SshUpkeep } = await import('./adapters/ssh-host/ssh-upkeep.ts');
    return new SshUpkeep({ ...options, buildFiles, servesModel, servedModel, upscalesWithModel });
  });
}

function notOneMachine(host: string, names: readonly string[]): AppError {
  return new AppError({
    code: 'usage-invalid',
    message: `${host} stands for ${names.join(', ')}, and this is done for one machine at a time.`,
    nextStep: `Name it itself, such as ${names[0]}.`,
  });
}

function machineOptionsOf(name: string, settings: Settings): RemoteMachineOptions {
  const host = hostNamed(settings, name);
  if (host.address === '') {
    throw new AppError({
      code: 'config-invalid',
      message: `The host "${name}" has no address.`,
      nextStep: `Set address under [hosts.${name}]: a name, an IP address, or an alias of ~/.ssh/config.`,
    });
  }
  return {
    name,
    settings: host,
    docker: settings.upsampling.docker,
    inference: settings.inference,
    clock: systemClock,
    random01: Math.random,
    retryForMs: Math.round(settings.retry.max_outage_s * 1000),
    environment: process.env,
    askPassphrase,
  };
}

/** This machine is a host like any other, with its root where the others have theirs. */
export function localRoot(settings: Settings): string {
  return expandHome(settings.hosts['local']?.remote_root ?? '~/.cosmos');
}
