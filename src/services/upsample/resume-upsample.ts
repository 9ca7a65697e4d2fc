import type { UpsampleCheckpoint } from '../../core/upsample/upsample-checkpoint.ts';
import type { UpsampleSettings } from '../../core/upsample/upsample-settings.ts';
import type { ResumeOptions } from '../runs/resume-run.ts';
import type { UpsampleTypes } from './upsample-types.ts';

/** What is given again when a run is resumed; all of it must agree with the checkpoint. */
export interface ResumeUpsampleRequest {
  /** A path, a run id or `latest`. */
  readonly reference: string;
  /** Absolute paths of the SPECS arguments; empty when none were given. */
  readonly inputs: readonly string[];
  /** The settings that were named on the command line, by the names of the checkpoint. */
  readonly given: Partial<UpsampleSettings>;
  /** Where the server is now, if it moved: the one setting that may change, because no answer depends on it. */
  readonly baseUrl: string | null;
}

export function resumeUpsampleOptions(request: ResumeUpsampleRequest): ResumeOptions<UpsampleTypes> {
  return {
    reference: request.reference,
    differences: (checkpoint) => differencesOf(request, checkpoint),
    adjust: ({ settings }) => {
      if (request.baseUrl === null) return;
      settings.engine.base_url = request.baseUrl;
      delete settings.engine.command;
    },
  };
}

function differencesOf(request: ResumeUpsampleRequest, { inputs, settings }: UpsampleCheckpoint): string[] {
  const isSameInput =
    request.inputs.length === 0 || [...request.inputs].sort().join('\0') === [...inputs].sort().join('\0');
  const { engine, ...given } = request.given;
  return [
    ...(isSameInput ? [] : [`the specs were ${inputs.join(', ')}`]),
    ...otherValues(given, settings),
    ...otherValues(engine ?? {}, settings.engine),
  ];
}

function otherValues(given: object, recorded: object): string[] {
  const known = new Map<string, unknown>(Object.entries(recorded));
  return Object.entries(given).flatMap(([name, value]) =>
    known.get(name) === value
      ? []
      : [`${name} was ${JSON.stringify(known.get(name))}, now ${JSON.stringify(value)}`],
  );
}
