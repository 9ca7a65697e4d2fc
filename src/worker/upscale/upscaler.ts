import type { Clock } from '../../ports/clock.ts';
import type { FrameTool } from '../../ports/frame-tool.ts';
import type { SegmentFacts, SegmentTask, UpscalerSpec } from '../../protocol/segment.ts';
import type { LaneStatus } from '../../protocol/worker-status.ts';
import type { UpscaleEngine } from './upscale-engine.ts';

/** What an upscaler is built from. */
export interface UpscalerDeps {
  readonly frames: FrameTool;
  /** Where a source's file lies on this machine. */
  sourcePathOf(sha256: string): string;
  /** The run folder: finished segments come to lie in its `segments`. */
  readonly runFolder: string;
  readonly clock: Clock;
  /** Usually `createUpscaleEngine`. */
  createEngine(spec: UpscalerSpec): UpscaleEngine;
  log(line: string): void;
}

/** How one segment is run. */
export interface SegmentRunOptions {
  /** Ends everything of the segment; the call then rejects with the signal's reason. */
  readonly signal: AbortSignal;
  /** Frames that the encoder has taken, of those that the segment shows. */
  onProgress(doneFrames: number, totalFrames: number): void;
}

/**
 * Turns segments into files. Failures are `EngineError`s: `permanent` ones will come again (`video-unreadable`,
 * `out-of-memory`), `transient` ones need not, and `fatal` ones come for every segment.
 */
export interface Upscaler {
  /** Finds out whether the engine can work. Called once, before the first segment. */
  start(signal: AbortSignal): Promise<void>;
  /** Tells of a segment that is to come, or that is done already, for the counts in `laneStatus`. May be repeated. */
  expect(task: SegmentTask, isDone: boolean): void;
  /**
   * Makes `segments/<task_key>.mp4`, by rename; one that is there is made again. May be repeated after any failure.
   * While the disk is full it waits, and `trouble` says so.
   */
  run(task: SegmentTask, options: SegmentRunOptions): Promise<SegmentFacts>;
  /** How many segments may be run at once: so many that the engine never waits for one's end or another's beginning. */
  readonly taskLimit: number;
  laneStatus(): LaneStatus[];
  /** The engine, where it has a model and has started: pictures of their own are upscaled with it, too. */
  readonly model: UpscaleEngine | null;
  /** What is waited for, for a person; null while nothing is. */
  readonly waitReason: string | null;
  /** Ends all segments and engine processes. Safe to call twice. */
  stop(): Promise<void>;
}
