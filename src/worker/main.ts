import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LocalFileStore } from '../adapters/files/local-file-store.ts';
import { acquireProcessLock } from '../adapters/files/process-lock.ts';
import { FfmpegFrameTool } from '../adapters/frames/ffmpeg-frame-tool.ts';
import { FfmpegPictureTool } from '../adapters/frames/ffmpeg-picture-tool.ts';
import { FfmpegMediaTool } from '../adapters/media/ffmpeg-media-tool.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { printableLines } from '../core/printable.ts';
import { AppError } from '../errors/app-error.ts';
import { exitCodes } from '../errors/error-codes.ts';
import { detectorArgument } from '../protocol/detector.ts';
import { layout } from '../protocol/layout.ts';
import { spareArgument } from '../protocol/spare-worker.ts';
import { runDetector } from './detect/detector-program.ts';
import { createKinds } from './kinds.ts';
import { ModelServers } from './model-server/model-servers.ts';
import { parseProgramOptions, workerOptionsOf } from './options.ts';
import { runCropLane } from './retouch/onnx/crop-lane.ts';
import { cropLaneArgument } from './retouch/onnx/crop-lane-protocol.ts';
import { ObjectFolder } from './slot/object-folder.ts';
import { startRunWorker, whyNotResumable } from './slot/run-worker.ts';
import { Slot } from './slot/slot.ts';
import { type SlotOptions, SlotProcess } from './slot/slot-process.ts';
import { spareRun } from './spare-run.ts';
import { type WorkerOptions, WorkerProcess, type WorkerProcessDeps } from './tasks/worker-process.ts';
import { laneArgument } from './upscale/onnx/lane-process.ts';
import { runLane } from './upscale/onnx/lane-program.ts';

type Log = (line: string) => void;

/** The worker program: serves one run, or a slot that has a worker for each run that is open. */
async function main(): Promise<number> {
  // A process that a worker starts for a model; it is this same program, because a host has no other one.
  if (process.argv[2] === laneArgument) return await runLane(process.argv[3] ?? '');
  if (process.argv[2] === cropLaneArgument) return await runCropLane(process.argv[3] ?? '');
  if (process.argv[2] === detectorArgument) return await runDetector(process.argv[3] ?? '');
  const given = process.argv[2] === spareArgument ? await spareRun() : process.argv.slice(2);
  if (given === null) return exitCodes.ok;
  const options = parseProgramOptions(given);
  // The reader of the log may be gone.
  process.stderr.on('error', () => undefined);
  return options.kind === 'slot'
    ? await serveSlot(options.slot)
    : await serveRun(options.worker, options.isTied);
}

/** Takes the run's lock, serves its socket, and works until it is stopped or is idle. */
async function serveRun(options: WorkerOptions, isTied: boolean): Promise<number> {
  const { root, runId, runFolder, workerId } = options;
  await mkdir(runFolder, { recursive: true });
  const lock = await acquireProcessLock(join(runFolder, `worker_${workerId}.lock`));
  if (!lock.isHeld) {
    log(`worker ${workerId} of ${runId} runs already, as process ${lock.owner.pid}`);
    return exitCodes.ok;
  }
  const servers = createServers(root, workerId, join(runFolder, layout.workerEngineLog(workerId)));
  try {
    const worker = new WorkerProcess(
      options,
      createDeps({ root, runFolder, isInImage: false }, servers, log),
    );
    onInterrupt(() => worker.requestStop());
    if (isTied) process.stdin.once('close', () => worker.requestStop(0)).resume();
    await worker.listen();
    await worker.work();
    return exitCodes.ok;
  } finally {
    await servers.stop();
    await lock.release();
  }
}

/**
 * Serves a slot until it is stopped or is idle. A signal that leaves work undone is no success: the container is started
 * again when its Docker daemon is, and finishes by itself.
 */
async function serveSlot(options: SlotOptions): Promise<number> {
  const { root, slotId } = options;
  const store = new LocalFileStore(root);
  const objects = new ObjectFolder(root);
  const modelServer = createServers(root, slotId, store.pathOf(layout.engineLog(slotId)));
  const depsFor = (runFolder: string, runLog: Log) =>
    createDeps({ root, runFolder, isInImage: true }, modelServer, runLog);
  const slot = new Slot({
    slotId,
    store,
    modelServer,
    startWorker: (runId) => startRunWorker(workerOptionsOf(options, runId), { depsFor, log }),
    forgetStop: async (runId) => {
      const { runFolder, workerId } = workerOptionsOf(options, runId);
      await new LocalFileStore(runFolder).remove(layout.stopMark(workerId));
    },
    whyNotResumable: async (runId) => {
      const worker = workerOptionsOf(options, runId);
      return await whyNotResumable(worker, new LocalFileStore(worker.runFolder), objects);
    },
    log,
  });
  const program = new SlotProcess(options, { slot, objects, log });
  let isInterrupted = false;
  onInterrupt(() => {
    isInterrupted = true;
    program.requestStop();
  });
  await program.run();
  return isInterrupted && slot.hasUnfinished ? exitCodes.sigterm : exitCodes.ok;
}

function onInterrupt(listener: () => void): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, listener);
}

function createServers(root: string, slotId: number, logPath: string): ModelServers {
  return new ModelServers({
    store: new LocalFileStore(root),
    slotId,
    clock: systemClock,
    random01: Math.random,
    log,
    logPath,
    environment: process.env,
  });
}

interface Place {
  readonly root: string;
  readonly runFolder: string;
  /** A slot is served in a container. */
  readonly isInImage: boolean;
}

function createDeps(
  { root, runFolder, isInImage }: Place,
  servers: ModelServers,
  runLog: Log,
): WorkerProcessDeps {
  const objects = new LocalFileStore(root);
  const common = { clock: systemClock, random01: Math.random, log: runLog };
  const kinds = createKinds({
    ...common,
    media: new FfmpegMediaTool({ hintFolder: join(runFolder, 'hints') }),
    environment: process.env,
    servers,
    frames: new FfmpegFrameTool(),
    pictures: new FfmpegPictureTool(),
    ...{ runFolder, isInImage },
    program: process.argv[1] ?? '',
    objectPathOf: (sha256) => objects.pathOf(layout.object(sha256)),
  });
  return { ...common, kinds, store: new LocalFileStore(runFolder) };
}

function log(line: string): void {
  process.stderr.write(`${new Date().toISOString()} ${printableLines(line)}\n`);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    if (error instanceof AppError) log([error.message, error.nextStep ?? ''].join(' ').trim());
    else log(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exit(error instanceof AppError ? error.exitCode : exitCodes.unexpected);
  },
);
