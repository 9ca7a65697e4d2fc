import { Flags, type Interfaces } from '@oclif/core';
import type { Moment } from '../../core/regions/region-text.ts';
import { momentForms, readMoment } from '../../core/upscale/preview-moments.ts';
import { usageError } from '../../errors/app-error.ts';

/** What has a meaning for runs alone. */
const ofRuns = ['resume', 'detach', 'dry-run', 'events', 'host', 'suffix'];

/** Flags of a look at what a video would become. */
export const previewFlags = {
  preview: Flags.boolean({
    default: false,
    description:
      'upscale parts of a few frames only, and make a page that shows them beside the source, with the time that the whole video would take; --model may be repeated',
  }),
  at: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    dependsOn: ['preview'],
    description: `moment to preview: ${momentForms}; may be repeated (default: three, from all over the video)`,
    helpValue: 'TIME',
    parse: async (text) => {
      if (readMoment(text) !== null) return text;
      throw usageError(`--at ${text}: not a time.`, `Write it as ${momentForms}.`);
    },
  }),
  open: Flags.boolean({
    default: false,
    dependsOn: ['preview'],
    exclusive: ['json'],
    description:
      'open the preview with the program that your desktop has for it; without a desktop, print its path',
  }),
};

export type GivenPreviewFlags = Partial<Interfaces.InferredFlags<typeof previewFlags>>;

/** The moments that were named. */
export function namedMoments({ at = [] }: GivenPreviewFlags): { text: string; moment: Moment }[] {
  return at.flatMap((text) => {
    const moment = readMoment(text);
    return moment === null ? [] : [{ text, moment }];
  });
}

/** @throws AppError `usage-invalid` for flags that a preview has no use for. */
export function assertPreviewAlone(flags: Readonly<Record<string, unknown>>): void {
  const given = ofRuns.find((name) => flags[name] !== undefined && flags[name] !== false);
  if (given === undefined) return;
  if (given === 'host')
    throw usageError(
      'A preview is made on this machine, and --host names another one.',
      'Leave out --host: the times on the page are then those of this machine.',
    );
  throw usageError(`--preview starts no run, so that --${given} has no meaning.`, `Leave out --${given}.`);
}
