import { Flags, type Interfaces } from '@oclif/core';
import { deinterlaceModes, denoiseLevels } from '../../core/frames/frame-filters.ts';

/** Flags of what is done to frames before they are made larger. No defaults here: those are the settings'. */
export const filterFlags = {
  deinterlace: Flags.string({
    options: ['off', ...deinterlaceModes],
    description:
      'make whole frames of two fields, before: auto (frames that the file calls interlaced), or all with the top or bottom field first (default: off)',
  }),
  denoise: Flags.string({
    options: ['off', ...denoiseLevels],
    description: 'remove noise, before (default: off)',
  }),
};

type GivenFilterFlags = Partial<Interfaces.InferredFlags<typeof filterFlags>>;

export function filterLayerOf({ deinterlace, denoise }: GivenFilterFlags) {
  return { deinterlace, denoise };
}
