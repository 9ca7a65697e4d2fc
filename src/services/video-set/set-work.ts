import { pMapIterable } from 'p-map';
import { Places } from '../../async/limits.ts';
import { failureNextSteps } from '../../core/run/failure.ts';
import type { VideoFailure } from '../../core/video-set/set-checkpoint.ts';
import type { VideoSetEventBody, VideoSetEventOf } from '../../core/video-set/set-event.ts';
import type { VideoOfSet } from '../../core/video-set/set-state.ts';
import { AppError } from '../../errors/app-error.ts';
import type { HostObject, HostRun } from '../../ports/host.ts';
import type { SegmentEngine } from '../../protocol/manifest.ts';
import type { SegmentTask } from '../../protocol/segment.ts';
import type { TaskResult } from '../../protocol/task-result.ts';
import type { FatalFailure, Prepared, RunWork } from '../runs/run-kind.ts';
import { finishVideo } from '../video/finish-video.ts';
import { segmentEngineOf } from '../video/segment-tasks.ts';
import { fatalWorkerError } from '../video/segment-work.ts';
import { writeVideoReport } from '../video/write-video-report.ts';
import { type OneVideo, ofVideo } from './one-video.ts';
import { type OpenedVideo, openVideo } from './open-video.ts';
import type { SetSegmentTask, VideoSetEvents, VideoSetRun, VideoSetTypes } from './set-types.ts';

/** Videos whose own plans are made at once: each is decoded once, which keeps a core or two busy. */
const plansAtOnce = 2;

/** Segments that are under way before the next video is looked through, for each worker of the host. */
const segmentsAhead = 4;

/** More than any video has segments. */
const batchesOfVideo = 1_000_000;

/** Errors that end the run, whichever video they come up with: the next one would meet them, too. */
const fatalCodes: ReadonlySet<string> = new Set([
  'disk-full',
  'disk-read-only',
  'host-unreachable',
  'prerequisite-missing',
  'unexpected',
]);

/**
 * What one session does for the videos of a set, one after the other: each is read through when its turn comes, its segments
 * are submitted, and it is put together as soon as they are all here.
 */
export class VideoSetWork implements RunWork<VideoSetTypes> {
  readonly engine: SegmentEngine;
  readonly tasksInFlight = Number.POSITIVE_INFINITY;
  readonly batchesInFlight = 1;
  readonly settlesInFlight = 2;
  readonly #run: VideoSetRun;
  readonly #events: ReadonlyMap<number, VideoSetEvents>;
  readonly #open = new Map<number, OneVideo>();
  readonly #videoOfKey = new Map<string, number>();
  readonly #room: Places;

  constructor(run: VideoSetRun) {
    const { settings } = run.session.checkpoint;
    this.#run = run;
    this.engine = segmentEngineOf(run.session.checkpoint);
    this.#events = eventsByVideo(run.session.events);
    // What leaves submits everything first; several machines take all that there is.
    const isOpenEnded = run.isDetached || (run.ports.host(settings.host).isSpread ?? false);
    this.#room = new Places(
      isOpenEnded ? Number.POSITIVE_INFINITY : Math.max(2, segmentsAhead * settings.slots),
    );
  }

  /** What was seen to be no video while the run was planned. */
  plannedOutcomes(): readonly VideoSetEventBody[] {
    return this.#run.state.pending.flatMap(({ video, planned, isReopened }) =>
      planned.failure === null || isReopened
        ? []
        : [{ type: 'video-failed', video, input: planned.input, ...planned.failure }],
    );
  }

  /** Segments of videos that are tried again. */
  retriedKeys(): readonly string[] {
    const isOpen = new Set(this.#run.state.pending.map(({ video }) => video));
    return [...this.#run.session.events].flatMap((event) =>
      event.type === 'segment-failed' && isOpen.has(event.video) ? [event.task_key] : [],
    );
  }

  async *tasks(): AsyncIterable<Prepared<VideoSetTypes>> {
    const opened = pMapIterable(this.#nextVideos(), (entry) => this.#tryOpen(entry), {
      concurrency: plansAtOnce,
      backpressure: plansAtOnce,
    });
    for await (const { entry, found } of opened) {
      if ('type' in found) {
        yield outcome(found);
        continue;
      }
      for (const event of found.events) yield outcome(event);
      yield* this.#tasksOf(entry, found.open);
    }
  }

  manifestTask(task: SetSegmentTask): SegmentTask {
    const { work } = this.#of(task);
    const { encoding } = work.engine;
    // The engine is one for all, and says how most of them are encoded.
    const isUsual = JSON.stringify(encoding) === JSON.stringify(this.engine.encoding);
    return { ...work.manifestTask(task), ...(!isUsual && { encoding }) };
  }

  objectsOf(task: SetSegmentTask): readonly HostObject[] {
    return this.#of(task).work.objectsOf(task);
  }

  /** The videos are put together here. */
  finishObjects(): null {
    return null;
  }

  /** Drops segments that an earlier session downloaded, and was killed before it could drop them. */
  async onOpen(host: HostRun): Promise<void> {
    const keys = [...this.#run.session.events].flatMap((event) =>
      event.type === 'segment-finished' ? [event.task_key] : [],
    );
    await host.dropOutputs(keys);
  }

  isUsable(task: SetSegmentTask, result: TaskResult, host: HostRun): Promise<boolean> {
    return this.#of(task).work.isUsable(task, result, host);
  }

  async settle(
    task: SetSegmentTask,
    result: TaskResult,
    isReused: boolean,
    host: HostRun | null,
  ): Promise<VideoSetEventBody> {
    const event = await this.#of(task).work.settle(task, result, isReused, host);
    const [ofSet] = ofVideo(event, task.video);
    if (ofSet === undefined) throw new Error(`a segment ends with ${event.type}`);
    return ofSet;
  }

  async again(task: SetSegmentTask): Promise<SetSegmentTask> {
    return { ...(await this.#of(task).work.again(task)), video: task.video, batchId: task.batchId };
  }

  /** Every segment is a checkpoint of its own. */
  checkpointAfter(event: VideoSetEventBody): readonly [] {
    if ('video' in event) this.#open.get(event.video)?.apply(event);
    return [];
  }

  async onSettled(
    task: SetSegmentTask,
    result: TaskResult,
    isReused: boolean,
    host: HostRun | null,
  ): Promise<void> {
    this.#room.leave();
    await this.#of(task).work.onSettled(task, result, isReused, host);
  }

  /** The last segment of a video finishes it. */
  async outcomesAfter(task: SetSegmentTask): Promise<readonly VideoSetEventBody[]> {
    const open = this.#of(task);
    open.tasksOpen -= 1;
    const events = await this.#finish(open);
    this.#forget(open);
    return events;
  }

  onProgress(taskKey: string, frames: number): void {
    const open = this.#open.get(this.#videoOfKey.get(taskKey) ?? -1);
    open?.work.onProgress(taskKey, frames);
  }

  fatalError(status: FatalFailure): AppError {
    return fatalWorkerError(status, this.#run.session.checkpoint);
  }

  /** Videos without an outcome, each when there is room for it; a session that leaves hands over all at once. */
  async *#nextVideos(): AsyncGenerator<VideoOfSet> {
    const { state, signal, leave } = this.#run;
    for (const entry of state.pending) {
      await this.#room.wait([signal, ...(leave ? [leave] : [])]);
      signal.throwIfAborted();
      yield entry;
    }
  }

  async #tryOpen(
    entry: VideoOfSet,
  ): Promise<{ readonly entry: VideoOfSet; readonly found: OpenedVideo | VideoSetEventOf<'video-failed'> }> {
    try {
      const found = await openVideo(this.#run, entry, this.#events.get(entry.video) ?? []);
      this.#open.set(entry.video, found.open);
      return { entry, found };
    } catch (error) {
      return { entry, found: this.#failureOf(entry.video, error) };
    }
  }

  async *#tasksOf({ video }: VideoOfSet, open: OneVideo): AsyncIterable<Prepared<VideoSetTypes>> {
    // Of one that was killed before its last step nothing remains to be submitted.
    if (open.run.state.pendingCount === 0) for (const event of await this.#finish(open)) yield outcome(event);
    else
      for await (const prepared of open.work.tasks()) {
        if (!prepared.isReady) continue;
        const { task } = prepared;
        this.#videoOfKey.set(task.taskKey, video);
        this.#room.enter();
        open.tasksOpen += 1;
        yield { isReady: true, task: { ...task, video, batchId: video * batchesOfVideo + task.batchId } };
      }
  }

  /** Puts a video together when all its segments have an outcome. @returns what becomes of it; nothing while it is open. */
  async #finish(open: OneVideo): Promise<readonly VideoSetEventBody[]> {
    const { state } = open.run;
    if (state.pendingCount > 0 || open.isFinishing) return [];
    open.isFinishing = true;
    const entry = this.#run.state.videos[open.video];
    const [failed] = [...state.segments.values()].flatMap((segment) => segment.failed ?? []);
    try {
      if (failed !== undefined) return [this.#failedEvent(open.video, failed)];
      const isFirst = !open.events.some(({ type }) => type === 'segment-lost');
      const isDone = await finishVideo(open.run, isFirst ? 1 : 2, false);
      if (!isDone && entry) this.#run.state.defer(entry);
      if (isDone && entry?.planned.is_picture) return await this.#asPicture(open, entry);
      if (isDone) await this.#writeReport(open);
      return open.takeEvents();
    } catch (error) {
      return [...open.takeEvents(), this.#failureOf(open.video, error)];
    } finally {
      this.#forget(open);
    }
  }

  /** Makes a picture of the one frame, and gives it its name. */
  async #asPicture(open: OneVideo, { planned }: VideoOfSet): Promise<readonly VideoSetEventBody[]> {
    const { ports, signal } = this.#run;
    const made = open.run.session.checkpoint.settings.output;
    const mayReplace = this.#run.session.checkpoint.settings.force;
    const { sizeBytes } = await ports.video.writePicture(made, planned.output, mayReplace, signal);
    await ports.video.discard([made]);
    return open
      .takeEvents()
      .map((event) =>
        event.type === 'video-finished' ? { ...event, output: planned.output, size_bytes: sizeBytes } : event,
      );
  }

  /** Nothing more comes of a video: what is known of its frames takes memory. */
  #forget(open: OneVideo): void {
    if (!open.isFinishing || open.tasksOpen > 0) return;
    for (const { task_key: key } of open.run.session.checkpoint.segments) this.#videoOfKey.delete(key);
    this.#open.delete(open.video);
  }

  /** The page of a video alone takes nothing from it when it cannot be written. */
  async #writeReport({ run, events }: OneVideo): Promise<void> {
    // Of a single picture there is nothing to say that the set does not say.
    if (run.session.checkpoint.counts.frames < 2) return;
    const { ports, session } = run;
    const runs = { read: async () => ({ ...session, events }) as never };
    await writeVideoReport(session, run.state, { ...ports, runs }).catch(() => undefined);
  }

  /** @throws What ends the whole run. */
  #failureOf(video: number, error: unknown): VideoSetEventOf<'video-failed'> {
    this.#run.signal.throwIfAborted();
    if (!(error instanceof AppError) || fatalCodes.has(error.code)) throw error;
    const { code, message, nextStep } = error;
    return this.#failedEvent(video, {
      code,
      message,
      next_step: nextStep ?? failureNextSteps['engine-failed'],
    });
  }

  #failedEvent(video: number, { code, message, next_step }: VideoFailure): VideoSetEventOf<'video-failed'> {
    const input = this.#run.state.videos[video]?.planned.input ?? '';
    return { type: 'video-failed', video, input, code, message, next_step };
  }

  #of({ video }: SetSegmentTask): OneVideo {
    const open = this.#open.get(video);
    if (!open) throw new Error(`video ${video} is not open`);
    return open;
  }
}

function outcome(event: VideoSetEventBody): Prepared<VideoSetTypes> {
  return { isReady: false, batchId: null, outcome: event };
}

function eventsByVideo(events: Iterable<VideoSetEvents[number]>): ReadonlyMap<number, VideoSetEvents> {
  return Map.groupBy(events, (event) => ('video' in event ? event.video : -1));
}
