import type { Size } from '../hints/display-size.ts';
import type { InferenceParameters } from './parameters.ts';

/** A file that the model reads, by its path as the input file names it: relative to that file, with forward slashes. */
export interface SampleVideo {
  readonly path: string;
  /** As shown, in pixels. */
  readonly size: Size;
  readonly frames: number;
}

export interface SampleControl {
  /** `vis`, `edge`, `depth`, `seg`, or another one that some family knows. */
  readonly kind: string;
  /** Null where the model makes it from the video. */
  readonly path: string | null;
  readonly weight: number;
}

/** One video to be made: what the input of every family is written from. */
export interface InferenceSample {
  /** Unique among all samples, and a file name. */
  readonly name: string;
  readonly prompt: string;
  /** Empty for none. */
  readonly negativePrompt: string;
  readonly video: SampleVideo | null;
  readonly controls: readonly SampleControl[];
  readonly parameters: InferenceParameters;
  /** About how many tokens the model's text encoder makes of the prompt. */
  readonly promptTokens: number;
}

/** An input file of a model. */
export interface InputFile {
  /** Relative to the export, without a folder. */
  readonly name: string;
  readonly text: string;
}

/** Samples that one call of the model's program takes. */
export interface InputGroup {
  readonly samples: readonly InferenceSample[];
  readonly files: readonly InputFile[];
  /** What `{batch}` stands for: names of `files`, or a pattern for them that the program itself resolves. */
  readonly batch: readonly string[];
  /** What `{spec}` stands for, in a family that has a file for what all samples share. */
  readonly spec?: string;
}

/** A group with its command as it is typed in the folder of the export. */
export interface ExportedGroup extends InputGroup {
  readonly command: string;
}

/** What the program leaves of a sample, below the folder of its output. */
export interface SampleOutputs {
  readonly video: string;
  /** The file with the prompt that the video was made from; null in a family without one. */
  readonly prompt: string | null;
  /** The video of a control, by our kind. */
  control(kind: string): string | null;
}

/** A family of models: what it reads, and what it does with what it cannot read. */
export interface ModelFamily {
  readonly name: string;
  /** As in a sentence. */
  readonly title: string;
  /** Why the model would refuse a sample; null where it takes it. */
  refusal(sample: InferenceSample): string | null;
  /** What the user should know of a sample that the model takes. */
  warnings(sample: InferenceSample): readonly string[];
  /** Samples with the same text go into one group. */
  groupKey(sample: InferenceSample): string;
  /**
   * @param number - From 1: part of the files' names.
   * @param outputFolder - Where the program is told to write, for a family whose input says it.
   */
  writeGroup(samples: readonly InferenceSample[], number: number, outputFolder: string): InputGroup;
  /**
   * Program and arguments, in which `{batch}`, `{spec}`, `{out}`, `{num_gpu}`, `{checkpoints}` and `{port}` stand for what
   * one start has. It runs in the folder of the model's repository.
   */
  command(numGpu: number): readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** @param index - Of the sample among those of its start, from 0. */
  outputsOf(name: string, index: number): SampleOutputs;
  /** The program numbers its outputs: only the prompt file says which sample a video is of. */
  readonly isNumbered?: boolean;
}
