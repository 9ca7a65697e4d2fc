import type { Journaled } from '../../core/run/run-status.ts';
import type { VideoEventBody } from '../../core/video/video-event.ts';
import type { VideoBeginning, VideoObserver } from '../../ports/run-observer.ts';
import type { AssemblyProgress } from '../../ports/video-tool.ts';
import { bytesText, counted, durationText, numeral, rateText, realtimeText } from '../text/format.ts';
import type { BarRow } from './bar-stack.ts';
import { RunProgress, type WorkPace } from './run-progress.ts';

/** What must have passed since the first frame before a pace is shown: milliseconds, and reports of frames. */
const minElapsedMs = 2_000;

const minReports = 2;

/**
 * Counts the frames of an upscale run; says how quick they come and how much time is left. Only what is made in this session
 * counts: neither frames of segments that were finished before, nor those that a host finished while no session
 * followed it, nor the time until the first frame. Time is passed in.
 */
export class FramePace {
  readonly total: number;
  /** Frames that are upscaled, those of earlier sessions included. */
  done: number;
  /** Those of them that are in finished segments: an interruption does not lose them. */
  saved: number;
  failedSegments = 0;
  /** Bytes of finished segments. */
  savedBytes: number;
  readonly #framesPerSegment: number;
  /** Frames that a player shows in a second; null where that is not known. */
  readonly #shownPerSecond: number | null;
  readonly #finishMs: number;
  #finishedAtMs: number | null = null;
  #hasSubmitted: boolean;
  #first: { readonly done: number; readonly atMs: number } | null = null;
  #reports = 0;
  #lastMs = 0;

  /** @param hasSubmitted - Whether what is done counts before anything is submitted. */
  constructor(
    run: Pick<
      VideoBeginning,
      'frames' | 'finishedFrames' | 'segments' | 'seconds' | 'finishedBytes' | 'finishMs'
    >,
    hasSubmitted = false,
  ) {
    this.savedBytes = run.finishedBytes ?? 0;
    this.#shownPerSecond = run.seconds ? run.frames / run.seconds : null;
    this.#finishMs = run.finishMs ?? 0;
    this.#hasSubmitted = hasSubmitted;
    this.total = run.frames;
    this.done = run.finishedFrames;
    this.saved = run.finishedFrames;
    this.#framesPerSegment = run.frames / Math.max(1, run.segments);
  }

  apply(event: VideoEventBody): void {
    const { type } = event;
    if (event.type === 'segment-finished') {
      this.saved += event.frames;
      this.savedBytes += event.size_bytes;
    }
    // What a host had finished is taken in before anything is submitted.
    if (type === 'batch-submitted') this.#hasSubmitted = true;
    if (type === 'segment-failed') this.failedSegments += 1;
  }

  /** Takes in how many frames are done by now. It may be fewer than before: a segment may have to be made again. */
  note(done: number, nowMs: number): void {
    if (this.#hasSubmitted && done > this.done) {
      this.#first ??= { done, atMs: nowMs };
      if (done > this.#first.done) this.#reports += 1;
    }
    this.done = done;
    this.#lastMs = nowMs;
  }

  /** Frames per second since the first one of this session; null while it cannot be said yet. */
  framesPerSecond(nowMs: number): number | null {
    if (this.#first === null || this.#reports < minReports) return null;
    // After the last frame there is no pace any more, only what it was.
    const untilMs = this.done >= this.total ? this.#lastMs : nowMs;
    const elapsedMs = untilMs - this.#first.atMs;
    const frames = this.done - this.#first.done;
    return elapsedMs < minElapsedMs || frames <= 0 ? null : (1_000 * frames) / elapsedMs;
  }

  /** How many times as fast as the video plays; null while it cannot be said yet. */
  realtime(nowMs: number): number | null {
    const pace = this.framesPerSecond(nowMs);
    return pace === null || this.#shownPerSecond === null ? null : pace / this.#shownPerSecond;
  }

  /** About how large the whole video becomes, by the segments that are finished; null while none is. */
  get expectedBytes(): number | null {
    return this.saved === 0 || this.savedBytes === 0 ? null : (this.savedBytes * this.total) / this.saved;
  }

  /** The last step is under way: what is left of its time counts from here. */
  beginFinish(nowMs: number): void {
    this.#finishedAtMs ??= nowMs;
  }

  /** Milliseconds until the end of the last step, as it was expected; 0 when it takes longer. */
  finishLeftMs(nowMs: number): number {
    return Math.max(0, this.#finishMs - (nowMs - (this.#finishedAtMs ?? nowMs)));
  }

  /** Milliseconds until the video is there: the last frame, and the last step; null while it cannot be said yet. */
  remainingMs(nowMs: number): number | null {
    const pace = this.framesPerSecond(nowMs);
    if (pace === null) return null;
    // A failed segment is not tried again in this session; segments are of about one length.
    const lost = this.failedSegments * this.#framesPerSegment;
    // With a failed segment nothing is put together.
    const finishMs = this.failedSegments > 0 ? 0 : this.#finishMs;
    return Math.round((1_000 * Math.max(0, this.total - this.done - lost)) / pace + finishMs);
  }
}

/** The progress of a run that upscales a video: the scan, then the frames, then putting the video together. */
export class VideoProgress extends RunProgress implements VideoObserver {
  #scan: { readonly done: number; readonly total: number | null } | null = null;
  #detecting: FramePace | null = null;
  #pace: FramePace | null = null;
  #assembly: AssemblyProgress | null = null;

  onScan(done: number, total: number | null): void {
    this.#scan = { done, total };
    this.refresh();
  }

  onDetect(done: number, total: number): void {
    this.#detecting ??= new FramePace({ frames: total, finishedFrames: 0, segments: 1 }, true);
    this.#detecting.note(done, performance.now());
    this.refresh();
  }

  onBegin(run: VideoBeginning): void {
    this.#pace = new FramePace(run);
    const before = run.finishedFrames > 0 ? `, ${numeral(run.finishedFrames)} of them finished earlier` : '';
    const what = `${counted(run.frames, 'frame')} in ${counted(run.segments, 'segment')}${before}`;
    this.begin(run.runId, what, run.engine);
  }

  onEvent(event: Journaled<VideoEventBody>): void {
    this.#pace?.apply(event);
    if (event.type === 'segment-failed') this.takeFailure({ ...event, spec: `segment ${event.segment_id}` });
    this.takeHostEvent(event);
  }

  onTaskStarted(): void {}

  onFrames(done: number): void {
    this.#pace?.note(done, performance.now());
  }

  onAssembly(progress: AssemblyProgress): void {
    this.#assembly = progress;
    this.#pace?.beginFinish(performance.now());
    this.refresh();
  }

  rows(nowMs: number): BarRow[] {
    const pace = this.#pace;
    if (pace === null) {
      const scan = this.#scan ? [scanRow(this.#scan)] : [];
      const detecting = this.#detecting;
      if (detecting === null) return scan;
      const { done, total } = detecting;
      const row = { what: 'Detect', done, total, text: framesText(detecting) };
      return [...scan, this.workRow(row, paceOf(detecting, nowMs), nowMs)];
    }
    const { done, total } = pace;
    const text = [framesText(pace), ...savedPart(pace)].join(', ');
    const frames = { what: 'Frames', done: Math.min(pace.saved, done), ahead: done, total, text };
    if (this.#assembly !== null) {
      const { done: finished, total: all } = this.#assembly;
      const left = finishLeft(pace, nowMs).map((part) => ` · ${part}`);
      const finish = `${assemblyText(this.#assembly)}${left.join('')}`;
      return [
        this.workRow(frames, { ...paceOf(pace, nowMs), leftMs: null }, nowMs),
        { what: 'Finish', done: finished, total: all, text: finish },
      ];
    }
    const engine = this.engineRow(nowMs);
    return [
      this.workRow(frames, paceOf(pace, nowMs), nowMs),
      {
        ...engine,
        text: [engine.text, ...realtimePart(pace.realtime(nowMs)), ...sizePart(pace)].join(' · '),
      },
      ...this.machineRows(),
    ];
  }

  line(nowMs: number): string {
    if (this.#assembly !== null) {
      const left = this.#pace === null ? [] : finishLeft(this.#pace, nowMs);
      return [`finishing the video: ${assemblyText(this.#assembly)}`, ...left].join(', ');
    }
    if (this.#pace !== null)
      return this.workLine(
        [
          `${framesText(this.#pace)} frames`,
          ...savedPart(this.#pace),
          ...sizePart(this.#pace),
          ...realtimePart(this.#pace.realtime(nowMs)),
        ].join(', '),
        paceOf(this.#pace, nowMs),
        nowMs,
      );
    if (this.#detecting !== null) {
      const standing = `searched for regions in ${framesText(this.#detecting)} frames`;
      return this.workLine(standing, paceOf(this.#detecting, nowMs), nowMs);
    }
    if (this.#scan === null) return 'reading the video';
    const { done, total } = this.#scan;
    return total === null
      ? `looked at ${counted(done, 'frame')}`
      : `looked at ${numeral(done)} of ${counted(total, 'frame')}`;
  }
}

function scanRow({ done, total }: { readonly done: number; readonly total: number | null }): BarRow {
  const text = total === null ? `${numeral(done)} frames` : `${numeral(done)}/${numeral(total)}`;
  return { what: 'Scan', done, total, text };
}

/** How the frames stand: `312/1,439`, or with failures `312/1,439, 1 segment failed`. */
function framesText(pace: FramePace): string {
  const failed = pace.failedSegments > 0 ? `, ${counted(pace.failedSegments, 'segment')} failed` : '';
  return `${numeral(pace.done)}/${numeral(pace.total)}${failed}`;
}

/** What an interruption would leave, where that is less than what is done. */
function savedPart({ saved, done }: FramePace): string[] {
  return saved < done ? [`${numeral(saved)} saved`] : [];
}

/** `1.5x realtime`: in a place of its own, so that the time that is left is not cut off on a narrow terminal. */
export function realtimePart(realtime: number | null): string[] {
  return realtime === null ? [] : [`${realtimeText(realtime)} realtime`];
}

/** `12 MiB of about 56 MiB`: of the pictures; nothing before a segment is finished. */
function sizePart({ savedBytes, expectedBytes }: FramePace): string[] {
  return expectedBytes === null ? [] : [`${bytesText(savedBytes)} of about ${bytesText(expectedBytes)}`];
}

/** `about 3.0 s left`; nothing for less than half a second, and where more time has passed than was expected. */
function finishLeft(pace: FramePace, nowMs: number): string[] {
  const leftMs = pace.finishLeftMs(nowMs);
  return leftMs < 500 ? [] : [`about ${durationText(leftMs)} left`];
}

function paceOf(pace: FramePace, nowMs: number): WorkPace {
  const rate = pace.framesPerSecond(nowMs);
  return {
    rate: rate === null ? null : rateText(rate),
    leftMs: pace.remainingMs(nowMs),
  };
}

/** What putting the video together is at: `segment 3 of 6`. */
function assemblyText({ step, done, total }: AssemblyProgress): string {
  if (step === 'streams') return 'sound and other streams';
  const what = { append: 'segment', verify: 'checking frame', pictures: 'picture' }[step];
  return `${what} ${numeral(done)} of ${numeral(total)}`;
}
