import type { MotionMeasures } from './measure/motion.ts';

/** What can be said about motion. Zones run from 0 (upper left) to 8 (lower right). */
export type MotionFacts =
  | { readonly kind: 'still' }
  | { readonly kind: 'local'; readonly zone: number; readonly isStrong: boolean }
  | { readonly kind: 'scattered' }
  | { readonly kind: 'broad'; readonly isStrong: boolean }
  | {
      readonly kind: 'travel';
      readonly towards: 'left' | 'right' | 'up' | 'down';
      readonly isStrong: boolean;
    }
  | { readonly kind: 'brighter' | 'darker'; readonly isStrong: boolean };

/**
 * Judges motion; null stays null.
 *
 * @param isLightReal - False for control videos, whose brightness is a code: a drift of it is no change of light.
 */
export function judgeMotion(measures: MotionMeasures | null, isLightReal: boolean): MotionFacts | null {
  if (!measures) return null;
  if (measures.changedShare < 0.0015) return { kind: 'still' };
  if (
    isLightReal &&
    Math.abs(measures.lightDrift) > 0.04 &&
    measures.driftAgreement > 0.9 &&
    measures.changedZones >= 6
  ) {
    const isStrong = Math.abs(measures.lightDrift) > 0.3;
    return { kind: measures.lightDrift > 0 ? 'brighter' : 'darker', isStrong };
  }
  const { shift } = measures;
  if (shift) {
    const length = Math.max(Math.abs(shift.x), Math.abs(shift.y));
    return { kind: 'travel', towards: travelOf(shift.x, shift.y), isStrong: length > 0.08 };
  }
  const isLocal = measures.changedZones <= 4 || measures.busiestShare > 0.4;
  if (isLocal)
    return {
      kind: 'local',
      zone: measures.busiestZone,
      isStrong: measures.changedShare > 0.06 && measures.meanChange > 0.015,
    };
  if (measures.changedShare < 0.25) return { kind: 'scattered' };
  return { kind: 'broad', isStrong: measures.meanChange > 0.06 };
}

/** The camera goes the other way than the picture: what slides to the left shows a camera that moves right. */
function travelOf(x: number, y: number): 'left' | 'right' | 'up' | 'down' {
  if (Math.abs(x) >= Math.abs(y)) return x > 0 ? 'left' : 'right';
  return y > 0 ? 'up' : 'down';
}
