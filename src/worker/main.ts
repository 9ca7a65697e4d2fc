import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LocalFileStore } from '../adapters/files/local-file-store.ts';
import { acquireProcessLock } from '../adapters/files/process-lock.ts';
import { FfmpegFrameTool } from '../adapters/frames/ffmpeg-frame-tool.ts';
import { FfmpegPictureTool } from '../adapters/frames/ffmpeg-picture-tool.ts';
import { FfmpegMediaTool } from '../adapters/media/ffmpeg-media-tool.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { AppError } from '../errors/app-error.ts';
import { exitCodes } from '../errors/error-codes.ts';
import { layout } from '../protocol/layout.ts';
import { EngineServers } from './model-server/model-servers.ts';
import { parseProgramOptions, type SlotOptions, type WorkerOptions, workerOptionsOf } from './options.ts';
import { ObjectShelf } from './slot/object-store.ts';
import { startRunWorker } from './slot/running-worker.ts';
import { Slot } from './slot/slot.ts';
import { SlotProcess } from './slot/slot-process.ts';
import { whyNotResumable } from './slot/why-not-resumable.ts';
import { WorkerProcess, type WorkerProcessParts } from './tasks/worker-process.ts';
import { createEngine } from './upsample/create-engine.ts';
import { createUpscaleEngine } from './upscale/create-upscale-engine.ts';
import { laneArgument } from './upscale/onnx/lane-process.ts';
import { runLane } from './upscale/onnx/lane-program.ts';
import { createUpscaler } from './upscale/segment-upscaler.ts';

/** The worker program: serves one run, or a slot that has a worker for each run that is open. */
async function main(): Promise<number> {
  // A process that a worker starts to upscale frames; it is this same program, because a host has no other one.
  if (process.argv[2] === laneArgument) return await runLane(process.argv[3] ?? '');
  const options = parseProgramOptions(process.argv.slice(2));
  // Whoever reads the log may be gone.
  process.stderr.on('error', () => undefined);
  return options.kind === 'slot' ? await serveSlot(options.slot) : await serveRun(options.worker);
}

/** Takes the run's lock, serves its socket, and works until it is told to stop or is idle. */
async function serveRun(options: WorkerOptions): Promise<number> {
  const { root, runId, runFolder, workerId } = options;
  await mkdir(runFolder, { recursive: true });
  const lock = await acquireProcessLock(join(runFolder, `worker_${workerId}.lock`));
  if (!lock.isHeld) {
    log(`worker ${workerId} of ${runId} runs already, as process ${lock.owner.pid}`);
    return exitCodes.ok;
  }
  const logPath = join(runFolder, layout.workerEngineLog(workerId));
  const servers = createServers(root, workerId, logPath);
  try {
    const worker = new WorkerProcess(options, createParts(root, runFolder, servers, log));
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => worker.requestStop());
    await worker.listen();
    await worker.work();
    return exitCodes.ok;
  } finally {
    await servers.stop();
    await lock.release();
  }
}

/**
 * Serves a slot until it is told to stop or is idle. A signal that leaves work undone is no success: the container
 * is started again when its engine is, and finishes by itself.
 */
async function serveSlot(options: SlotOptions): Promise<number> {
  const { root, slotId } = options;
  const store = new LocalFileStore(root);
  const shelf = new ObjectShelf(root);
  const engine = createServers(root, slotId, store.pathOf(layout.engineLog(slotId)));
  const partsFor = (runFolder: string, say: typeof log) => createParts(root, runFolder, engine, say);
  const slot = new Slot({
    slotId,
    store,
    engine,
    clock: systemClock,
    startWorker: (runId) => startRunWorker(runId, { slot: options, partsFor, log }),
    forgetStop: async (runId) => {
      const { runFolder, workerId } = workerOptionsOf(options, runId);
      await new LocalFileStore(runFolder).remove(layout.stopMark(workerId));
    },
    whyNotResumable: async (runId) => {
      const worker = workerOptionsOf(options, runId);
      return await whyNotResumable(worker, new LocalFileStore(worker.runFolder), shelf);
    },
    log,
  });
  const program = new SlotProcess(options, { slot, shelf, log });
  let isInterrupted = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      isInterrupted = true;
      program.requestStop();
    });
  }
  await program.run();
  return isInterrupted && slot.hasUnfinished ? exitCodes.sigterm : exitCodes.ok;
}

function createServers(root: string, slotId: number, logPath: string): EngineServers {
  const store = new LocalFileStore(root);
  const { env: environment } = process;
  return new EngineServers({
    store,
    slotId,
    clock: systemClock,
    random01: Math.random,
    log,
    logPath,
    environment,
  });
}

/** What the worker of a run is built from. */
function createParts(
  root: string,
  runFolder: string,
  servers: EngineServers,
  say: (line: string) => void,
): WorkerProcessParts {
  const media = new FfmpegMediaTool({ hintFolder: join(runFolder, 'hints') });
  const objects = new LocalFileStore(root);
  const objectPathOf = (sha256: string) => objects.pathOf(layout.object(sha256));
  const frames = new FfmpegFrameTool();
  const program = process.argv[1] ?? '';
  return {
    store: new LocalFileStore(runFolder),
    clock: systemClock,
    random01: Math.random,
    createEngine: (spec) =>
      createEngine(spec, { media, clock: systemClock, environment: process.env, servers }),
    createUpscaler: (spec) =>
      createUpscaler(spec, {
        frames,
        runFolder,
        clock: systemClock,
        sourcePathOf: objectPathOf,
        createEngine: (wanted) =>
          createUpscaleEngine(wanted, { frames, program, modelPathOf: objectPathOf, log: say }),
        log: say,
      }),
    hintPathOf: objectPathOf,
    frames,
    pictures: new FfmpegPictureTool(),
    log: say,
  };
}

function log(line: string): void {
  process.stderr.write(`${new Date().toISOString()} ${line}\n`);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    if (error instanceof AppError) log([error.message, error.nextStep ?? ''].join(' ').trim());
    else log(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exit(error instanceof AppError ? error.exitCode : exitCodes.unexpected);
  },
);
