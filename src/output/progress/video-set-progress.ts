import type { Journaled } from '../../core/run/run-status.ts';
import type { VideoSetEventBody } from '../../core/video-set/set-event.ts';
import type { VideoSetBeginning, VideoSetObserver } from '../../ports/run-observer.ts';
import { bytesText, counted, numeral, rateText } from '../text/format.ts';
import type { BarRow } from './bar-stack.ts';
import { RunProgress, type WorkPace } from './run-progress.ts';
import { realtimePart } from './video-progress.ts';

/** What must have passed since the first frame before a pace is shown, in milliseconds. */
const minElapsedMs = 2_000;

interface VideoProgressFacts {
  name: string;
  /** About how many frames it has; 0 where that is not known. */
  frames: number;
  framePixels: number;
  readonly framesPerSecond: number | null;
  readonly finishMs: number;
  done: number;
  isSettled: boolean;
}

/**
 * How far the videos of a set are together. Frames count by their pixels, so that the time that is left holds for videos of
 * different sizes; videos of which nothing is known count as the others do on average. Time is passed in.
 */
export class SetPace {
  readonly videos: readonly VideoProgressFacts[];
  settled: number;
  /** Bytes of finished videos, and of finished segments of this session. */
  savedBytes: number;
  doneFrames = 0;
  #settledBefore: number;
  #donePixels = 0;
  /** How long a player shows what is done; of videos whose rate is not known: nothing. */
  #doneSeconds = 0;
  #first: {
    readonly pixels: number;
    readonly frames: number;
    readonly seconds: number;
    readonly atMs: number;
  } | null = null;

  constructor({ videos }: Pick<VideoSetBeginning, 'videos'>) {
    this.videos = videos.map(({ frames, framePixels, finishedFrames: done, ...video }) => {
      return { ...video, frames: frames ?? 0, framePixels: framePixels ?? 0, done };
    });
    this.settled = this.videos.filter(({ isSettled }) => isSettled).length;
    this.#settledBefore = this.settled;
    this.savedBytes = videos.reduce((sum, { finishedBytes }) => sum + finishedBytes, 0);
    for (const video of this.videos) this.#add(video.done, video);
  }

  /** What is known of a video once it was read through. */
  plan(video: number, frames: number, framePixels: number): void {
    const known = this.videos[video];
    if (!known) return;
    this.#add(-known.done, known);
    Object.assign(known, { frames, framePixels });
    this.#add(known.done, known);
  }

  /** Takes in how many frames of a video are done by now. */
  note(video: number, done: number, nowMs: number): void {
    const known = this.videos[video];
    if (!known) return;
    this.#first ??= {
      pixels: this.#donePixels,
      frames: this.doneFrames,
      seconds: this.#doneSeconds,
      atMs: nowMs,
    };
    this.#add(done - known.done, known);
    known.done = done;
  }

  settle(video: number): void {
    const known = this.videos[video];
    if (!known || known.isSettled) return;
    known.isSettled = true;
    this.settled += 1;
  }

  /** Of all that are not settled, without what is done of them; `total` also what is done of all. In pixels of larger frames. */
  get work(): { readonly done: number; readonly total: number } {
    const known = this.videos.filter(({ frames, framePixels }) => frames * framePixels > 0);
    const sum = known.reduce((total, { frames, framePixels }) => total + frames * framePixels, 0);
    const usual = known.length > 0 ? sum / known.length : 0;
    const left = this.videos.reduce((total, { frames, framePixels, done, isSettled }) => {
      if (isSettled) return total;
      return total + Math.max(0, (frames * framePixels || usual) - done * framePixels);
    }, 0);
    return { done: this.#donePixels, total: this.#donePixels + left };
  }

  /** `realtime`: how many times as fast as the videos play. Null while it cannot be said yet. */
  pace(nowMs: number): WorkPace & { readonly realtime: number | null } {
    const first = this.#first;
    const elapsedMs = first === null ? 0 : nowMs - first.atMs;
    const pixels = first === null ? 0 : this.#donePixels - first.pixels;
    if (first === null || elapsedMs < minElapsedMs || pixels <= 0)
      return { rate: null, leftMs: null, realtime: null };
    const { done, total } = this.work;
    const shownMs = 1_000 * (this.#doneSeconds - first.seconds);
    return {
      rate: rateText((1_000 * (this.doneFrames - first.frames)) / elapsedMs),
      leftMs: Math.round(((total - done) * elapsedMs) / pixels + this.#finishMs()),
      realtime: shownMs > 0 ? shownMs / elapsedMs : null,
    };
  }

  /** Of the last steps to come. Once a video was finished in this session, the pace has that in it. */
  #finishMs(): number {
    if (this.settled > this.#settledBefore) return 0;
    return this.videos.reduce((sum, { isSettled, finishMs }) => sum + (isSettled ? 0 : finishMs), 0);
  }

  #add(frames: number, { framePixels, framesPerSecond }: VideoProgressFacts): void {
    this.doneFrames += frames;
    this.#donePixels += frames * framePixels;
    if (framesPerSecond !== null) this.#doneSeconds += frames / framesPerSecond;
  }
}

/** The progress of a run over several videos: how many are finished, and how far those under way are. */
export class VideoSetProgress extends RunProgress implements VideoSetObserver {
  #planning: { readonly done: number; readonly total: number } | null = null;
  #pace: SetPace | null = null;
  /** What the video that was heard of last is at. */
  #current = '';

  onPlanned(done: number, total: number): void {
    this.#planning = { done, total };
    this.refresh();
  }

  onBegin(run: VideoSetBeginning): void {
    this.#pace = new SetPace(run);
    const { settled } = this.#pace;
    const before = settled > 0 ? `, ${numeral(settled)} of them done before` : '';
    this.begin(run.runId, `${counted(run.videos.length, 'video')}${before}`, run.engine);
  }

  onEvent(event: Journaled<VideoSetEventBody>): void {
    if (event.type === 'video-planned')
      this.#pace?.plan(event.video, event.frames, event.width * event.height);
    if (event.type === 'segment-finished' && this.#pace !== null) this.#pace.savedBytes += event.size_bytes;
    if (event.type === 'video-finished' || event.type === 'video-failed') this.#pace?.settle(event.video);
    if (event.type === 'video-failed') this.takeFailure({ ...event, spec: this.#nameOf(event.video) });
    this.takeHostEvent(event);
  }

  onTaskStarted(): void {}

  onVideoScan(video: number, done: number): void {
    this.#current = `${this.#nameOf(video)}: looked at ${counted(done, 'frame')}`;
    this.refresh();
  }

  onVideoFrames(video: number, done: number): void {
    this.#pace?.note(video, done, performance.now());
    const total = this.#pace?.videos[video]?.frames ?? 0;
    this.#current = `${this.#nameOf(video)}: ${numeral(done)}${total > 0 ? `/${numeral(total)}` : ''} frames`;
  }

  onVideoAssembly(video: number): void {
    this.#current = `${this.#nameOf(video)}: finishing the video`;
    this.refresh();
  }

  rows(nowMs: number): BarRow[] {
    const pace = this.#pace;
    if (pace === null) return this.#planning ? [planRow(this.#planning)] : [];
    const { done, total } = pace.work;
    const text = videosText(pace);
    const standing = pace.pace(nowMs);
    const row = this.workRow({ what: 'Videos', done, total, text }, standing, nowMs);
    const current = { what: 'Now', done: 0, total: null, text: this.#current };
    const engine = this.engineRow(nowMs);
    return [
      row,
      ...(this.#current === '' ? [] : [current]),
      { ...engine, text: [engine.text, ...realtimePart(standing.realtime), ...sizePart(pace)].join(' · ') },
      ...this.machineRows(),
    ];
  }

  line(nowMs: number): string {
    if (this.#pace === null) {
      const { done, total } = this.#planning ?? { done: 0, total: 0 };
      return `looked at ${numeral(done)} of ${counted(total, 'file')}`;
    }
    const pace = this.#pace.pace(nowMs);
    const current = this.#current === '' ? [] : [this.#current];
    const standing = [`${videosText(this.#pace)} videos`, ...current, ...sizePart(this.#pace)];
    return this.workLine([...standing, ...realtimePart(pace.realtime)].join(', '), pace, nowMs);
  }

  #nameOf(video: number): string {
    return this.#pace?.videos[video]?.name ?? '';
  }
}

function planRow({ done, total }: { readonly done: number; readonly total: number }): BarRow {
  return { what: 'Files', done, total, text: `${numeral(done)}/${numeral(total)}` };
}

/** `12 MiB so far`: of the larger videos; nothing before a segment is finished. */
function sizePart({ savedBytes }: SetPace): string[] {
  return savedBytes === 0 ? [] : [`${bytesText(savedBytes)} so far`];
}

function videosText({ settled, videos }: SetPace): string {
  return `${numeral(settled)}/${numeral(videos.length)}`;
}
