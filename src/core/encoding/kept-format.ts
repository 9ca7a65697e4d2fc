import { type PixelFamily, pixelFamily } from '../frames/pixel-family.ts';

/** How much colour each keeps. */
const richness = { gray: 0, '420': 1, '422': 2, '444': 3 } as const;
type Sampling = keyof typeof richness;

/** The sparest sampling that encoders know and that keeps all colour there is. */
export function wantedSampling({ sampling }: Pick<PixelFamily, 'sampling'>): Sampling {
  if (sampling === '411') return '422';
  if (sampling === '410') return '420';
  return sampling === '440' ? '444' : sampling;
}

interface Format {
  readonly name: string;
  readonly sampling: Sampling;
  readonly bits: number;
}

/**
 * Of the formats that an encoder takes the sparest that keeps all colour and all bits; where none does, the one that keeps most.
 *
 * @param formats - ffmpeg's names, at least one.
 */
export function keptFormat(formats: readonly string[], family: PixelFamily): string {
  const known = formats
    .flatMap(describe)
    .sort((a, b) => richness[a.sampling] - richness[b.sampling] || a.bits - b.bits);
  const wanted = richness[wantedSampling(family)];
  const sampling = (known.find((format) => richness[format.sampling] >= wanted) ?? known.at(-1))?.sampling;
  const depths = known.filter((format) => format.sampling === sampling);
  return (depths.find(({ bits }) => bits >= family.bits) ?? depths.at(-1))?.name ?? 'yuv420p';
}

/** Whether one of the formats keeps all colour and all bits. */
export function isKeptBy(formats: readonly string[], family: PixelFamily): boolean {
  const kept = pixelFamily(keptFormat(formats, family));
  return kept !== null && kept.bits >= family.bits && isColourKept(kept, family);
}

/** Whether a format has at least as much colour as another. */
export function isColourKept(
  kept: Pick<PixelFamily, 'sampling'>,
  family: Pick<PixelFamily, 'sampling'>,
): boolean {
  return richness[wantedSampling(kept)] >= richness[wantedSampling(family)];
}

function describe(name: string): Format[] {
  const family = pixelFamily(name);
  return family === null ? [] : [{ name, sampling: wantedSampling(family), bits: family.bits }];
}
