import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LocalFileStore } from '../adapters/files/local-file-store.ts';
import { acquireProcessLock } from '../adapters/files/process-lock.ts';
import { FfmpegMediaTool } from '../adapters/media/ffmpeg-media-tool.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { AppError } from '../errors/app-error.ts';
import { exitCodes } from '../errors/error-codes.ts';
import { layout } from '../protocol/layout.ts';
import { createEngine } from './engines/create-engine.ts';
import { parseWorkerOptions, type WorkerOptions } from './options.ts';
import { WorkerProcess } from './worker-process.ts';

/** The worker program: takes its run's lock, serves its socket, and works until it is told to stop or is idle. */
async function main(): Promise<number> {
  const options = parseWorkerOptions(process.argv.slice(2));
  await mkdir(options.runFolder, { recursive: true });
  const lock = await acquireProcessLock(join(options.runFolder, `worker_${options.workerId}.lock`));
  if (!lock.isHeld) {
    log(`worker ${options.workerId} of ${options.runId} runs already, as process ${lock.owner.pid}`);
    return exitCodes.ok;
  }
  try {
    await work(options);
    return exitCodes.ok;
  } finally {
    if (process.platform !== 'win32') await rm(options.socketPath, { force: true });
    await lock.release();
  }
}

async function work(options: WorkerOptions): Promise<void> {
  const media = new FfmpegMediaTool({ hintFolder: join(options.runFolder, 'hints') });
  const store = new LocalFileStore(options.root);
  const worker = new WorkerProcess(options, {
    store: new LocalFileStore(options.runFolder),
    clock: systemClock,
    random01: Math.random,
    createEngine: (spec) => createEngine(spec, { media, clock: systemClock, environment: process.env }),
    hintPathOf: (sha256) => store.pathOf(layout.object(sha256)),
    log,
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => worker.requestStop());
  // The launcher that reads the log may be gone.
  process.stderr.on('error', () => undefined);
  await worker.run();
}

function log(line: string): void {
  process.stderr.write(`${new Date().toISOString()} ${line}\n`);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    if (error instanceof AppError) log([error.message, error.hint ?? ''].join(' ').trim());
    else log(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exit(error instanceof AppError ? error.exitCode : exitCodes.unexpected);
  },
);
