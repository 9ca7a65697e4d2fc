import type { UpscaleCheckpoint } from '../../core/upscale/upscale-checkpoint.ts';
import type { ResumeOptions } from '../runs/resume-run.ts';
import type { UpscaleTypes } from './upscale-types.ts';

/** What is given again when an upscale run is resumed; all of it must agree with the checkpoint. */
interface ResumeUpscaleRequest {
  /** A path, a run id or `latest`. */
  readonly reference: string;
  /** Absolute paths; null where they were not given. */
  readonly input: string | null;
  readonly output: string | null;
  /** Other settings that were named, by their name on the command line, and whether they are the checkpoint's. */
  readonly given: readonly { readonly flag: string; isSame(checkpoint: UpscaleCheckpoint): boolean }[];
  /** Replace what stands at the output by now. */
  readonly isForced: boolean;
}

export function resumeUpscaleOptions(request: ResumeUpscaleRequest): ResumeOptions<UpscaleTypes> {
  return {
    reference: request.reference,
    differences: (checkpoint) => differencesOf(request, checkpoint),
    adjust: ({ settings }) => {
      settings.force ||= request.isForced;
    },
  };
}

function differencesOf(
  { given, input, output }: ResumeUpscaleRequest,
  checkpoint: UpscaleCheckpoint,
): string[] {
  const { source, settings } = checkpoint;
  const differences = given.flatMap(({ flag, isSame }) =>
    isSame(checkpoint) ? [] : [`--${flag} was another one`],
  );
  if (input !== null && input !== source.path) differences.push(`the video was ${source.path}`);
  if (output !== null && output !== settings.output) differences.push(`the output was ${settings.output}`);
  return differences;
}
