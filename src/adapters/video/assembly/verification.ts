import type { OutputContainer } from '../../../core/frames/container-limits.ts';
import type { AssemblyProgress, AssemblyRequest } from '../../../ports/video-tool.ts';
import type { AssemblyPaths } from './assembly-folder.ts';
import type { Presentation } from './presentation.ts';
import type { SampleTable } from './sample-table.ts';
import type { ProgramOptions } from './skeleton.ts';

/** A file that is ready to be looked at, and what it should hold. */
export interface Verification {
  readonly request: AssemblyRequest;
  readonly container: OutputContainer;
  readonly paths: AssemblyPaths;
  readonly presentation: Presentation;
  /** When the first frame is shown. */
  readonly firstSeconds: number;
  /** All samples of the video. */
  readonly table: SampleTable;
  readonly options: ProgramOptions;
  readonly onProgress: (progress: AssemblyProgress) => void;
}
