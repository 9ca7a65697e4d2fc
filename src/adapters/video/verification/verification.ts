import type { OutputContainer } from '../../../core/frames/container-limits.ts';
import type { AssemblyProgress, AssemblyRequest } from '../../../ports/video-tool.ts';
import type { FfmpegOptions } from '../../ffmpeg/run-ffmpeg.ts';
import type { Presentation } from '../../muxing/presentation.ts';
import type { SampleTable } from '../../muxing/samples.ts';

/** A file that is ready to be verified, and what it should hold. */
export interface Verification {
  readonly request: AssemblyRequest;
  readonly container: OutputContainer;
  readonly presentation: Presentation;
  /** The file that is to become the output. */
  readonly partPath: string;
  /** Everything but the frames after the first; compared with the source before. */
  readonly skeletonPath: string;
  readonly table: SampleTable;
  /** When the first frame is shown. */
  readonly firstSeconds: number;
  readonly options: FfmpegOptions;
  readonly onProgress: (progress: AssemblyProgress) => void;
}

/** A finished video that is not what it should be: it never gets its name, and has to be put together again. */
export class InvalidOutputError extends Error {
  override readonly name = 'InvalidOutputError';

  constructor(difference: string) {
    super(`The finished video is not what it should be: ${difference}`);
  }
}
