import type { Journaled } from '../../core/run/run-status.ts';
import type { VideoSetCheckpoint } from '../../core/video-set/set-checkpoint.ts';
import type { VideoSetEventBody } from '../../core/video-set/set-event.ts';
import type { VideoSetState } from '../../core/video-set/set-state.ts';
import type { VideoSetSummary } from '../../core/video-set/set-summary.ts';
import type { VideoSetObserver } from '../../ports/run-observer.ts';
import type { ActiveRun, RunTypes, StoredRunOf } from '../runs/run-kind.ts';
import type { SegmentRunTask, UpscaleRequest } from '../video/video-types.ts';

/** A segment of one of the videos of a set. */
export interface SetSegmentTask extends SegmentRunTask {
  /** Place of the video in the set, from 0. */
  readonly video: number;
}

/** The types of runs that upscale several videos. */
export interface VideoSetTypes extends RunTypes {
  readonly checkpoint: VideoSetCheckpoint;
  readonly event: VideoSetEventBody;
  readonly state: VideoSetState;
  readonly task: SetSegmentTask;
  readonly summary: VideoSetSummary;
  readonly observer: VideoSetObserver;
}

export type VideoSetRun = ActiveRun<VideoSetTypes>;
/** Events of such a run, in order. */
export type VideoSetEvents = readonly Journaled<VideoSetEventBody>[];
export type StoredVideoSet = StoredRunOf<VideoSetTypes>;

/** What `upscale` is asked to do with several videos. Paths are absolute. */
export interface VideoSetRequest extends Omit<UpscaleRequest, 'inputPath' | 'outputPath'> {
  /** Folders and files. */
  readonly inputs: readonly string[];
  /** The folder of the outputs. */
  readonly outputDir: string;
  /** Name of the only output in that folder; missing: as the sources are called. */
  readonly outputName?: string;
  /** Between the name of each output and its ending. */
  readonly suffix: string;
}
