import { z } from 'zod';

/** Chromaticity in steps of 0.00002, as streams carry it. */
const point = z.tuple([z.int().min(0).max(65_535), z.int().min(0).max(65_535)]);
const luminance = z.int().min(0).max(0xffff_ffff);
const nits = z.int().min(0).max(65_535);

/** Static metadata of HDR10 (SMPTE ST 2086 and CTA-861.3), in the units of the codecs. */
export const hdrMetadataSchema = z.object({
  /** The display that the video was made on; null where nothing is said. */
  mastering: z
    .object({
      red: point,
      green: point,
      blue: point,
      white: point,
      /** In steps of 0.0001 candela per square metre. */
      max_luminance: luminance,
      min_luminance: luminance,
    })
    .nullable(),
  /** The brightest pixel, and the brightest frame on average, in candela per square metre. */
  content_light: z.object({ max: nits, average: nits }).nullable(),
});

export type HdrMetadata = z.infer<typeof hdrMetadataSchema>;

const chromaticityUnit = 50_000;
const luminanceUnit = 10_000;

/** Side data as ffprobe writes it: fractions as texts, whole numbers. */
export type ProbedSideData = Readonly<Record<string, unknown>>;

/** Reads the static metadata among some side data; null where there is none that is whole. */
export function readHdrMetadata(sideData: readonly ProbedSideData[]): HdrMetadata | null {
  const mastering = sideData.map(readMastering).find((found) => found !== null) ?? null;
  const content_light = sideData.map(readContentLight).find((found) => found !== null) ?? null;
  if (mastering === null && content_light === null) return null;
  const parsed = hdrMetadataSchema.safeParse({ mastering, content_light });
  return parsed.success ? parsed.data : null;
}

function readMastering(data: ProbedSideData): HdrMetadata['mastering'] {
  const at = (name: string, unit: number) => Math.round(ratio(data[name]) * unit);
  const pointAt = (name: string): [number, number] => [
    at(`${name}_x`, chromaticityUnit),
    at(`${name}_y`, chromaticityUnit),
  ];
  if (data['red_x'] === undefined || data['max_luminance'] === undefined) return null;
  const found = {
    red: pointAt('red'),
    green: pointAt('green'),
    blue: pointAt('blue'),
    white: pointAt('white_point'),
    max_luminance: at('max_luminance', luminanceUnit),
    min_luminance: at('min_luminance', luminanceUnit),
  };
  return Object.values(found).flat().some(Number.isNaN) ? null : found;
}

function readContentLight({ max_content: max, max_average: average }: ProbedSideData) {
  return typeof max === 'number' && typeof average === 'number' && max + average > 0
    ? { max, average }
    : null;
}

function ratio(text: unknown): number {
  const [, above, below] = /^(\d+)\/(\d+)$/.exec(String(text)) ?? [];
  return Number(below) > 0 ? Number(above) / Number(below) : Number.NaN;
}

/** Whether two say the same, but for what containers round. */
export function isSameHdr(one: HdrMetadata | null, other: HdrMetadata | null): boolean {
  const [a, b] = [numbersOf(one), numbersOf(other)];
  return a.length === b.length && a.every((value, index) => Math.abs(value - (b[index] ?? 0)) <= 1);
}

function numbersOf(hdr: HdrMetadata | null): number[] {
  const { mastering = null, content_light: light = null } = hdr ?? {};
  const { red = [], green = [], blue = [], white = [] } = mastering ?? {};
  const display = mastering
    ? [...red, ...green, ...blue, ...white, mastering.max_luminance, mastering.min_luminance]
    : [];
  return [...display, ...(light ? [light.max, light.average] : [])];
}
