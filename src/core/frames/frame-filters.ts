import { z } from 'zod';

/** What may be done to interlaced frames: `tff` and `bff` take every frame for one of two fields, whatever the file says. */
export const deinterlaceModes = ['auto', 'tff', 'bff'] as const;

export const denoiseLevels = ['light', 'medium', 'strong'] as const;

/** What is done to decoded frames before they are made larger. Each frame stays one frame, at its own time. */
export const frameFiltersSchema = z.object({
  deinterlace: z.enum(deinterlaceModes).exactOptional(),
  denoise: z.enum(denoiseLevels).exactOptional(),
});

export type FrameFilters = z.infer<typeof frameFiltersSchema>;

/** As settings have them. */
interface FilterSettings {
  readonly deinterlace: (typeof deinterlaceModes)[number] | 'off';
  readonly denoise: (typeof denoiseLevels)[number] | 'off';
}

/** Among the extras of a video whose frames are made of two fields. */
export const interlacedFields = 'interlaced fields';

/** How many frames on either side the averaging over time sees. */
export const denoiseReach: Readonly<Record<(typeof denoiseLevels)[number], number>> = {
  light: 2,
  medium: 4,
  strong: 4,
};

/** Those that are on. */
export function filtersOf({ deinterlace, denoise }: FilterSettings): FrameFilters {
  return {
    ...(deinterlace !== 'off' && { deinterlace }),
    ...(denoise !== 'off' && { denoise }),
  };
}

/** What is really done to a video; null for nothing. @param extras - Of the video: only an interlaced one is deinterlaced by `auto`. */
export function filtersFor(asked: FrameFilters, extras: readonly string[]): FrameFilters | null {
  const { deinterlace, ...others } = asked;
  const isNeeded = deinterlace !== undefined && (deinterlace !== 'auto' || extras.includes(interlacedFields));
  const filters = isNeeded ? asked : others;
  return Object.keys(filters).length === 0 ? null : filters;
}

/**
 * How many frames before and after one decide what becomes of it. A segment that is decoded with so many more on either side
 * has the same frames as the whole video.
 */
export function filterReach(filters: FrameFilters | undefined): number {
  const { deinterlace, denoise } = filters ?? {};
  return (deinterlace === undefined ? 0 : 1) + (denoise === undefined ? 0 : denoiseReach[denoise]);
}

/** `deinterlaced (auto), denoised (medium)`; empty for none. */
export function filtersText(filters: FrameFilters | undefined): string {
  const { deinterlace, denoise } = filters ?? {};
  return [
    ...(deinterlace === undefined ? [] : [`deinterlaced (${deinterlace})`]),
    ...(denoise === undefined ? [] : [`denoised (${denoise})`]),
  ].join(', ');
}
