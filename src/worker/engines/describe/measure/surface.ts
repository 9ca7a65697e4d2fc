import type { UpsampleRequest } from '../../engine.ts';
import type { FrameMeasures } from './measure.ts';

/**
 * What the frames may be said to show. Where they come from decides it, never how they look: a flat picture is not
 * a segmentation map, and points of light on black are no outlines.
 * - `footage`: the scene itself. - `plain`: the scene, but each frame is one tone and nothing else.
 * - `masses`: the scene, blurred on purpose. - `edges`, `regions`, `depth`: maps whose grays and colors are codes
 *   for outline, class or distance. - `empty`: such a map with nothing in it.
 */
export type Surface = 'footage' | 'plain' | 'masses' | 'edges' | 'regions' | 'depth' | 'empty';

/** What frames of a `kind` show; a missing kind is `video`. */
export function surfaceOf(kind: UpsampleRequest['kind'], measures: FrameMeasures): Surface {
  const isPlain = isPlainField(measures);
  switch (kind ?? 'video') {
    case 'video':
      return isPlain ? 'plain' : 'footage';
    case 'vis':
      return isPlain ? 'plain' : 'masses';
    case 'edge':
      return isPlain ? 'empty' : 'edges';
    case 'seg':
      return isPlain || measures.tones.count < 2 ? 'empty' : 'regions';
    case 'depth':
      return isPlain ? 'empty' : 'depth';
  }
}

function isPlainField({ field, detail }: FrameMeasures): boolean {
  return field.isPlain && detail.edgeShare < 0.002 && detail.grain < 1.5;
}
