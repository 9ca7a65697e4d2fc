import type { Journaled } from '../../core/run/run-status.ts';
import { runEventVersion } from '../../core/run/run-status.ts';
import type { UpscaleCheckpoint } from '../../core/video/video-checkpoint.ts';
import type { VideoEventBody } from '../../core/video/video-event.ts';
import { VideoRunState } from '../../core/video/video-run-state.ts';
import { folderOfVideo } from '../../core/video-set/set-checkpoint.ts';
import type { VideoSetEventBody } from '../../core/video-set/set-event.ts';
import type { Clock } from '../../ports/clock.ts';
import type { VideoObserver } from '../../ports/run-observer.ts';
import { SegmentWork } from '../video/segment-work.ts';
import type { VideoRun, VideoSession } from '../video/video-types.ts';
import type { VideoSetEvents, VideoSetRun } from './set-types.ts';

/**
 * One video of a set that is worked on: a run of its own as far as its segments and the last step go, whose events are those
 * of the set.
 */
export class OneVideo {
  readonly video: number;
  readonly run: VideoRun;
  readonly work: SegmentWork;
  /** What happened to its segments and to itself, in all sessions. */
  readonly events: Journaled<VideoEventBody>[];
  /** Events of it that the set has not recorded yet. */
  readonly #unrecorded: VideoEventBody[] = [];
  readonly #clock: Clock;
  /** Its last step was started. */
  isFinishing = false;
  /** Tasks that were given out and are not settled. */
  tasksOpen = 0;

  /** @param events - Those of the set that are of this video, of earlier sessions. */
  constructor(set: VideoSetRun, video: number, checkpoint: UpscaleCheckpoint, events: VideoSetEvents) {
    this.video = video;
    const state = new VideoRunState(checkpoint);
    this.events = events.filter(isOfSegment);
    for (const event of this.events) state.apply(event);
    state.reopenFailed();
    const { ports, signal } = set;
    this.#clock = ports.clock;
    const session = this.#sessionIn(set, checkpoint);
    this.run = { session, state, ports, signal, isDetached: false, observer: this.#observerOf(set) };
    this.work = new SegmentWork(this.run);
  }

  /** Takes in what the set has recorded. */
  apply(event: VideoSetEventBody): void {
    if (isOfSegment(event)) this.run.state.apply(this.#note(event));
  }

  /** Events that the last step made, as those of the set. */
  takeEvents(): VideoSetEventBody[] {
    return this.#unrecorded.splice(0).flatMap((event) => ofVideo(event, this.video));
  }

  #note(body: VideoEventBody): Journaled<VideoEventBody> {
    const time = new Date(this.#clock.now()).toISOString();
    const event: Journaled<VideoEventBody> = {
      ...body,
      ...({ version: runEventVersion, seq: this.events.length, time } as const),
    };
    this.events.push(event);
    return event;
  }

  #sessionIn({ session: set }: VideoSetRun, checkpoint: UpscaleCheckpoint): VideoSession {
    const folder = folderOfVideo(this.video);
    const inside = (name: string) => set.paths.inside(`${folder}/${name}`);
    return {
      ...{ runId: set.runId, folder: set.paths.inside(folder), checkpoint, isJournalTorn: false },
      events: this.events,
      paths: {
        checkpoint: inside('checkpoint.json'),
        journal: set.paths.journal,
        reportJson: inside('report.json'),
        reportHtml: inside('report.html'),
        inside,
      },
      append: (body) => {
        this.#unrecorded.push(body);
        return this.#note(body);
      },
      flush: (isDurable) => set.flush(isDurable),
      publish: (name, chunks) => set.publish(`${folder}/${name}`, chunks),
      keep: (name, source, sha256) => set.keep(`${folder}/${name}`, source, sha256),
      kept: (name, sha256) => set.kept(`${folder}/${name}`, sha256),
      release: async () => undefined,
    };
  }

  #observerOf({ observer, session }: VideoSetRun): VideoObserver {
    const ignore = () => undefined;
    const name = session.checkpoint.videos[this.video]?.name ?? '';
    return {
      ...{ onScan: ignore, onDetect: ignore, onBegin: ignore, onEvent: ignore, onTaskStarted: ignore },
      ...{ onWorkerStatus: ignore, onEnd: ignore },
      onFrames: (done) => observer.onVideoFrames(this.video, done),
      onAssembly: (progress) => observer.onVideoAssembly(this.video, progress),
      onNotice: (message) => observer.onNotice(`${name}: ${message}`),
    };
  }
}

/** Whether an event says something of a segment, as the events of one video do. */
function isOfSegment<Event extends { readonly type: string }>(
  event: Event,
): event is Extract<Event, { type: 'segment-finished' | 'segment-failed' | 'segment-lost' }> {
  return /^segment-(finished|failed|lost)$/.test(event.type);
}

/** An event of one video as one of the set. */
export function ofVideo(event: VideoEventBody, video: number): VideoSetEventBody[] {
  switch (event.type) {
    case 'segment-finished':
    case 'segment-failed':
    case 'segment-lost':
    case 'video-finished':
      return [{ ...event, video }];
    default:
      return [];
  }
}
