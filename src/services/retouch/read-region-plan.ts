import type { FrameGeometry } from '../../core/regions/place-region.ts';
import { shownSize } from '../../core/regions/place-region.ts';
import { type RegionPlan, regionPlanSchema } from '../../core/regions/region-plan.ts';
import { type AppError, usageError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';

/** More characters than this are no plan that a person edits. */
const maxCharacters = 64 * 1024 * 1024;

/**
 * Reads a plan of regions that a dry run wrote.
 *
 * @throws AppError `input-missing`, or `usage-invalid` for what is no plan.
 */
export async function readRegionPlan(
  path: string,
  { sources }: { readonly sources: Pick<Ports['sources'], 'lines'> },
): Promise<RegionPlan> {
  const lines: string[] = [];
  let characters = 0;
  for await (const line of sources.lines(path)) {
    characters += line.length;
    if (characters > maxCharacters) throw noPlan(path, 'it is too large');
    lines.push(line);
  }
  let document: unknown;
  try {
    document = JSON.parse(lines.join('\n'));
  } catch (error) {
    throw noPlan(path, error instanceof Error ? error.message : 'it is no JSON');
  }
  const parsed = regionPlanSchema.safeParse(document);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw noPlan(path, `${issue?.path.join('.') || 'it'}: ${issue?.message ?? 'it is of another kind'}`);
}

/** Regions of another picture would lie somewhere else. @throws AppError `usage-invalid`. */
export function assertSameSize(path: string, { width, height }: RegionPlan, geometry: FrameGeometry): void {
  const shown = shownSize(geometry);
  if (shown.width === width && shown.height === height) return;
  throw usageError(
    `The plan ${path} is of a picture of ${width}x${height}, and the video is shown at ${shown.width}x${shown.height}.`,
    'Have a dry run of this video write its own with --save-plan.',
  );
}

function noPlan(path: string, reason: string): AppError {
  return usageError(
    `${path} is no plan of regions: ${reason}.`,
    'A dry run writes one: cosmos retouch clip.mp4 --region … --dry-run --save-plan regions.json',
  );
}
