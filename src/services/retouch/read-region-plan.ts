import type { FrameGeometry } from '../../core/regions/place-region.ts';
import { shownSize } from '../../core/regions/place-region.ts';
import { type RegionPlan, regionPlanSchema } from '../../core/regions/region-plan.ts';
import { type AppError, usageError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';

/** More characters than this are no plan that a person edits. */
const maxCharacters = 16 * 1024 * 1024;

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
    throw noPlan(path, error instanceof Error ? error.message : 'it is not JSON');
  }
  const parsed = regionPlanSchema.safeParse(document);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw noPlan(path, `${issue?.path.join('.') || 'it'}: ${issue?.message ?? 'it has the wrong type'}`);
}

/** Regions of another picture would lie somewhere else. @throws AppError `usage-invalid`. */
export function assertSameSize(path: string, { width, height }: RegionPlan, geometry: FrameGeometry): void {
  const shown = shownSize(geometry);
  if (shown.width === width && shown.height === height) return;
  throw usageError(
    `The plan ${path} is for a picture of ${width}x${height}, but the video is shown at ${shown.width}x${shown.height}.`,
    'Write a plan for this video with --dry-run --save-plan.',
  );
}

function noPlan(path: string, reason: string): AppError {
  return usageError(
    `${path} is not a plan of regions: ${reason}.`,
    'A dry run writes one: cosmos retouch clip.mp4 --region … --dry-run --save-plan regions.json',
  );
}
