import { Flags, type Interfaces } from '@oclif/core';
import { parseTargetSize, scaleLimits, targetSizeForms } from '../../core/frames/target-size.ts';
import { usageError } from '../../errors/app-error.ts';

/** Flags that decide how large the result is. No defaults here: those are the settings'. */
export const sizeFlags = {
  scale: Flags.string({
    description: 'how many times the width and the height, such as 2, 1.5 or 2.25 (default: 2)',
    helpValue: 'FACTOR',
    parse: async (text) => {
      const factor = /^\d{1,2}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
      if (factor >= scaleLimits.least && factor <= scaleLimits.most) return String(factor);
      const { least, most } = scaleLimits;
      throw usageError(
        `--scale ${text}: not a number from ${least} to ${most}.`,
        'For example: --scale 2 or --scale 1.5. A size in pixels is given with --size.',
      );
    },
  }),
  size: Flags.string({
    description:
      'how large the result is, in place of --scale: WIDTHxHEIGHT, WIDTHx, xHEIGHT, 720p, 1080p, 1440p, 4k or 8k; the shape is kept',
    helpValue: 'SIZE',
    exclusive: ['scale'],
    parse: async (text) => {
      if (parseTargetSize(text) !== null) return text;
      throw usageError(
        `--size ${text}: not a size.`,
        `Use one such as ${targetSizeForms}. So many times the size of the video is given with --scale.`,
      );
    },
  }),
};

type GivenSizeFlags = Partial<Interfaces.InferredFlags<typeof sizeFlags>>;

/** A factor on the command line counts before a size in `config.toml`. */
export function sizeLayerOf({ scale, size }: GivenSizeFlags) {
  return scale === undefined ? { scale: undefined, size } : { scale: Number(scale), size: '' };
}
