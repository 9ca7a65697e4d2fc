import type { FileHandle } from 'node:fs/promises';
import type { AssemblyRequest } from '../../ports/video-tool.ts';
import type { PartFile } from './part-file.ts';
import type { Presentation } from './presentation.ts';
import type { SampleRun, SampleTable, SegmentSamples } from './samples.ts';

export interface WriterInput {
  readonly request: AssemblyRequest;
  readonly presentation: Presentation;
  /** The source's other streams with the first frame of the video, in a file of the same container. */
  readonly skeleton: FileHandle;
  /** The first frame of the video, as in the skeleton. */
  readonly first: SegmentSamples;
  readonly part: PartFile;
  /** Room for all samples of the video; filled before they are appended. */
  readonly video: SampleTable;
}

/** A writer, and when it shows the first frame: the container may have moved all streams together. */
export interface OpenWriter {
  readonly writer: ContainerWriter;
  readonly firstSeconds: number;
}

/**
 * Writes one container. What is written where follows from the arguments alone, so that the same calls after a kill
 * count up to where the file ends, and continue there.
 */
export interface ContainerWriter {
  /** What comes before all samples. */
  begin(): Promise<void>;
  /** The samples of the next segment, and those of other streams that are shown until its end. */
  append(segment: SampleRun): Promise<void>;
  /** The rest of the other streams, and the index. */
  finish(): Promise<void>;
}
