import type { InferenceEventBody } from '../core/inference/inference-event.ts';
import type { Journaled } from '../core/run/run-status.ts';
import type { UpsampleEvent } from '../core/upsample/upsample-event.ts';
import type { VideoEventBody } from '../core/video/video-event.ts';
import type { VideoSetEventBody } from '../core/video-set/set-event.ts';
import type { WorkerStatus } from '../protocol/worker-status.ts';
import type { AssemblyProgress } from './video-tool.ts';

/** A display of a run of any kind: bars on a terminal, lines in a log, a stream of events. */
export interface RunObserver<Beginning = unknown, Event = unknown> {
  /** The run is about to work. */
  onBegin(run: Beginning): void;
  onEvent(event: Event): void;
  /** An engine took up a task: from here on time counts. */
  onTaskStarted(taskKey: string): void;
  onWorkerStatus(status: WorkerStatus): void;
  /** Something a person should know that changes nothing: one sentence. */
  onNotice(message: string): void;
  /** Nothing more will come. May be called twice. */
  onEnd(): void;
}

/** A run that enriches specs, as it stands when work on it begins. */
export interface UpsampleBeginning {
  readonly runId: string;
  /** Where the work is done; left out: not known. */
  readonly host?: string;
  readonly total: number;
  /** Specs that need no work any more: finished, failed or skipped. */
  readonly settled: number;
  /** How many of the settled ones failed; 0 where it is left out. */
  readonly failed?: number;
  /** Tasks in flight at once. */
  readonly concurrency: number;
  /** Engine and model for people; see `engineText`. */
  readonly engine?: string;
}

/** A display of a run that enriches specs. */
export interface UpsampleObserver extends RunObserver<UpsampleBeginning, UpsampleEvent> {
  /** Specs read and decided so far, while the plan is made. `total` is known from the first call on. */
  onPlanned(done: number, total: number): void;
}

/** A run from prompts to videos, as it stands when work on it begins. */
export interface InferenceBeginning extends UpsampleBeginning {
  /** Videos to be made, and those that need no work any more. */
  readonly videos: number;
  readonly settledVideos: number;
  /** The family of models, as in a sentence. */
  readonly family: string;
}

/** A display of a run from prompts to videos. */
export interface InferenceObserver extends RunObserver<InferenceBeginning, Journaled<InferenceEventBody>> {
  onPlanned(done: number, total: number): void;
  /** How far a video is; `null` when it is no longer under way. */
  onVideo(video: string, progress: { readonly step: number; readonly steps: number } | null): void;
}

/** A run that upscales a video, as it stands when work on it begins. */
export interface VideoBeginning {
  readonly runId: string;
  /** Where the work is done; left out: not known. */
  readonly host?: string;
  readonly frames: number;
  /** Frames of segments that are finished already. */
  readonly finishedFrames: number;
  readonly segments: number;
  /** How long the video is, in seconds; missing: not known. */
  readonly seconds?: number;
  /** Bytes of the segments that are finished already; missing: none. */
  readonly finishedBytes?: number;
  /** How long putting the video together and reading it back is going to take, about, in milliseconds; missing: no time. */
  readonly finishMs?: number;
  /** Engine for people: `lanczos`, `onnx (model.onnx)`. */
  readonly engine: string;
}

/** A display of a run that upscales a video. */
export interface VideoObserver extends RunObserver<VideoBeginning, Journaled<VideoEventBody>> {
  /** Frames read so far, while the plan is made; `total` is what the file says, null where it does not. */
  onScan(done: number, total: number | null): void;
  /** Pictures that were looked through for things to retouch, while the plan is made. */
  onDetect(done: number, total: number): void;
  /** Frames that are upscaled by now, those of unfinished segments included. */
  onFrames(done: number): void;
  onAssembly(progress: AssemblyProgress): void;
}

/** A run that upscales several videos, as it stands when work on it begins. */
export interface VideoSetBeginning {
  readonly runId: string;
  /** Where the work is done; left out: not known. */
  readonly host?: string;
  /** In the order in which they are done. */
  readonly videos: readonly VideoToUpscale[];
  /** Engine for people: `lanczos`, `onnx (model.onnx)`. */
  readonly engine: string;
}

/** One of the videos of a set, as it stands when work on the set begins. */
export interface VideoToUpscale {
  readonly name: string;
  /** About how many frames it has; null where nothing says so. */
  readonly frames: number | null;
  /** Pixels of one of the larger frames; null where that is not known. */
  readonly framePixels: number | null;
  /** Frames that a player shows in a second; null where that is not known. */
  readonly framesPerSecond: number | null;
  /** Frames of segments that are finished already. */
  readonly finishedFrames: number;
  /** Of the larger video; 0 before it is finished. */
  readonly finishedBytes: number;
  /** How long putting it together is expected to take, in milliseconds; 0 where that is not known. */
  readonly finishMs: number;
  /** It is finished, skipped, or failed. */
  readonly isSettled: boolean;
}

/** A display of a run that upscales several videos. Videos are named by their place in the set, from 0. */
export interface VideoSetObserver extends RunObserver<VideoSetBeginning, Journaled<VideoSetEventBody>> {
  /** Files that were looked at so far, while the plan is made. */
  onPlanned(done: number, total: number): void;
  /** Frames of a video that were read so far, while its own plan is made. */
  onVideoScan(video: number, done: number): void;
  /** Frames of a video that are upscaled by now, those of unfinished segments included. */
  onVideoFrames(video: number, done: number): void;
  onVideoAssembly(video: number, progress: AssemblyProgress): void;
}
