import type { UpscaleEventBody } from '../core/upscale/upscale-event.ts';
import type { WorkerStatus } from '../protocol/worker-status.ts';
import type { Journaled } from './run-store.ts';
import type { AssemblyProgress } from './video-tool.ts';

/** An upscale run as it stands when work on it begins. */
export interface UpscaleBeginning {
  readonly runId: string;
  readonly frames: number;
  /** Frames of segments that are finished already. */
  readonly finishedFrames: number;
  readonly segments: number;
  /** Engine for people: `lanczos`, `onnx (model.onnx)`. */
  readonly engine: string;
}

/** Whoever wants to see an upscale run while it happens. */
export interface UpscaleObserver {
  /** Frames looked at so far, while the plan is made; `total` is what the file says, null where it does not. */
  onScan(done: number, total: number | null): void;
  onBegin(run: UpscaleBeginning): void;
  onEvent(event: Journaled<UpscaleEventBody>): void;
  /** Frames that are upscaled by now, those of unfinished segments included. */
  onFrames(done: number): void;
  onWorkerStatus(status: WorkerStatus): void;
  onAssembly(progress: AssemblyProgress): void;
  /** Something a person should know that changes nothing: one sentence. */
  onNotice(message: string): void;
  /** Nothing more will come. May be told twice. */
  onEnd(): void;
}
