import { extname } from 'node:path';
import type { ZodType } from 'zod';
import { parseJsonAs } from '../../core/json.ts';
import { type VideoCheckpoint, videoCheckpointSchema } from '../../core/video/video-checkpoint.ts';
import { AppError, messageOf } from '../../errors/app-error.ts';
import { SegmentsLostError } from '../../errors/segments-lost.ts';
import type { JobSource, TakenJob } from '../../ports/job-queue.ts';
import type { Ports } from '../../ports/ports.ts';
import type { SharedStore } from '../../ports/shared-store.ts';
import type { WorkerPlace } from '../../ports/worker-place.ts';
import { layout } from '../../protocol/layout.ts';
import { type FinalDocument, finalSchema } from '../../protocol/queue.ts';
import { type TaskResult, taskResultSchema } from '../../protocol/task-result.ts';
import { protocolVersion } from '../../protocol/version.ts';
import { assembleSegments } from '../video/finish-video.ts';
import { fileToRead } from '../video/source-of.ts';
import { segmentName } from '../video/video-types.ts';

/** How long the job rests while segments are missing, or while the run's own process is there, in milliseconds. */
const restMs = 5_000;

interface FinalizeDeps {
  readonly store: SharedStore;
  readonly source: JobSource;
  readonly place: WorkerPlace;
  readonly ports: Pick<Ports, 'video' | 'clock' | 'sources'>;
  log(line: string): void;
}

/**
 * Puts the video of a run together, unless its own process does. What is done is read from the store, and never taken
 * from the queue's word: segments that are missing are added again.
 */
export async function finalizeRun(job: TakenJob, deps: FinalizeDeps, leave: AbortSignal): Promise<void> {
  const { store, source, log } = deps;
  const { runId } = job;
  const run = layout.run(runId);
  const checkpoint = await readAs(videoCheckpointSchema, `${run}/${layout.checkpoint}`, store);
  const isStopped = (await store.files.read(`${run}/${layout.cancelMark}`)) !== null;
  if (
    checkpoint === null ||
    isStopped ||
    (await readAs(finalSchema, `${run}/${layout.final}`, store)) !== null
  )
    return await job.done();
  if (await source.isOwned(runId)) return await job.giveBack(restMs);
  const hashes = new Map<number, string>();
  let isAnyMissing = false;
  for (const { segment_id: id, task_key: key } of checkpoint.segments) {
    const result: TaskResult | null = await readAs(taskResultSchema, `${run}/${layout.result(key)}`, store);
    // Its own process says so when it is back; everything else is kept for then.
    if (result?.status === 'failed') return await job.done();
    if (result?.segment) hashes.set(id, result.segment.sha256);
    else isAnyMissing = true;
  }
  if (isAnyMissing) return await addAgain(job, checkpoint.kind, deps);
  const signal = AbortSignal.any([job.lost, job.cancelled, leave]);
  try {
    await publishVideo(job, checkpoint, hashes, deps, signal);
    log(`${runId}: the video is put together`);
    await job.done();
  } catch (error) {
    if (job.lost.aborted) return;
    if (signal.aborted) return leave.aborted ? await job.giveBack() : await job.done();
    if (!(error instanceof AppError || error instanceof SegmentsLostError)) throw error;
    log(`${runId}: ${messageOf(error)}`);
    await job.fail(messageOf(error));
  }
}

async function addAgain(
  job: TakenJob,
  kind: VideoCheckpoint['kind'],
  { store, source }: FinalizeDeps,
): Promise<void> {
  const names = await store.files.list(`${layout.run(job.runId)}/${layout.jobs}`);
  await source.add(
    kind,
    job.runId,
    names.map((name) => name.replace(/\.json$/, '')),
  );
  await job.giveBack(restMs);
}

async function publishVideo(
  { runId }: TakenJob,
  checkpoint: VideoCheckpoint,
  hashes: ReadonlyMap<number, string>,
  { store, place, ports }: FinalizeDeps,
  signal: AbortSignal,
): Promise<void> {
  const run = layout.run(runId);
  const { sha256 } = fileToRead(checkpoint);
  const extension = extname(checkpoint.settings.output);
  await place.withFolder(`finalize-${runId}`, async (folder) => {
    const sourcePath = await place.objectPath(sha256);
    await fetch(store, layout.object(sha256), sha256, sourcePath);
    const segmentPath = (id: number) => `${folder}/${segmentName(id)}`;
    for (const { segment_id: id, task_key: key } of checkpoint.segments) {
      signal.throwIfAborted();
      await fetch(store, `${run}/${layout.output(key)}`, hashes.get(id) ?? '', segmentPath(id));
    }
    const outputPath = `${folder}/video${extension}`;
    const video = await assembleSegments(
      {
        ...{ checkpoint, sourcePath, segmentPath, hashOf: (id) => hashes.get(id) ?? null },
        ...{ workFolder: `${folder}/assembly`, outputPath, mayReplace: true },
      },
      ports,
      () => undefined,
      signal,
    );
    const made = await ports.sources.identify(outputPath, null, signal);
    const file = { path: layout.finalFile(extension), sha256: made.sha256, size_bytes: made.sizeBytes };
    await store.putFile(`${run}/${file.path}`, outputPath, file);
    const final: FinalDocument = { version: protocolVersion, file, video };
    await store.files.publishOnce(`${run}/${layout.final}`, JSON.stringify(final), () => true);
  });
}

async function fetch(store: SharedStore, path: string, sha256: string, target: string): Promise<void> {
  if (await store.fetchFile(path, { sha256 }, target)) return;
  throw new AppError({ code: 'worker-failed', message: `${path} is gone from ${store.name}, or damaged.` });
}

async function readAs<T>(schema: ZodType<T>, path: string, { files }: SharedStore): Promise<T | null> {
  const bytes = await files.read(path);
  return bytes && parseJsonAs(schema, bytes);
}
