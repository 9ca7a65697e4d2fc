import type { UpsampleRequest } from '../engine.ts';
import { type ColourFacts, type ColourPlace, judgeColour, placeOf } from './judge-colour.ts';
import { judgeMotion, type MotionFacts } from './judge-motion.ts';
import type { FlatToneMeasures } from './measure/flat-tones.ts';
import type { LayoutMeasures } from './measure/layout.ts';
import type { LightMeasures } from './measure/light.ts';
import type { FrameMeasures } from './measure/measure.ts';
import type { SmallLightMeasures } from './measure/small-lights.ts';
import { type Surface, surfaceOf } from './measure/surface.ts';

/** Where something lies: one of the nine zones (0 upper left to 8 lower right), a side, or nowhere special. */
export type LightPlace =
  | { readonly kind: 'even' }
  | { readonly kind: 'side'; readonly side: 'left' | 'right' | 'top' | 'bottom' }
  | { readonly kind: 'zone'; readonly zone: number };

/** What can be said about a clip: the measures, judged. Each field has a phrase for each of its values. */
export interface Facts {
  readonly surface: Surface;
  readonly lightLevel: 'black' | 'low' | 'balanced' | 'bright' | 'white';
  readonly lightPlace: LightPlace;
  readonly contrast: 'flat' | 'soft' | 'clear' | 'strong';
  /** Shares of the frame, 0 to 1. */
  readonly shadowShare: number;
  readonly highlightShare: number;
  readonly colour: ColourFacts;
  readonly detail: 'smooth' | 'sparse' | 'rich' | 'dense';
  /** Whether anything in the frame has a sharp side. */
  readonly hasEdges: boolean;
  /** The zone with most of the detail; null when it is spread evenly. */
  readonly focusZone: number | null;
  readonly lines: 'none' | 'horizon' | 'bands' | 'upright' | 'uprights' | 'grid' | 'mirror';
  /** Height of the horizon, 0 (top) to 1; null unless `lines` is `horizon`. */
  readonly horizonHeight: number | null;
  /** Flat areas within one frame: how many kinds, and the largest. For `regions` pictures. */
  readonly areas: {
    readonly count: number;
    readonly largestShare: number;
    readonly place: ColourPlace;
    readonly isSharp: boolean;
  };
  /** Small lights in a dark frame: their color, and their zone when one has most of them. */
  readonly glow: { readonly name: string; readonly zone: number | null } | null;
  /** False when the light changes so much that a mean brightness, or a share, would tell of no frame at all. */
  readonly isLightSteady: boolean;
  /** First and last tone of a `plain` picture. */
  readonly tones: readonly [first: string, last: string];
  /** Null for a single frame: nothing is said about motion then. */
  readonly motion: MotionFacts | null;
}

/**
 * Judges the measures of frames of a `kind`. The thresholds were set by eye on clips of known content.
 */
export function judge(measures: FrameMeasures, kind: UpsampleRequest['kind']): Facts {
  const { light, detail, layout, field } = measures;
  const lines = judgeLines(layout);
  const lightLevel = judgeLevel(light.mean);
  return {
    surface: surfaceOf(kind, measures),
    lightLevel,
    lightPlace: judgePlace(light),
    contrast: judgeContrast(light.range),
    shadowShare: light.shadowShare,
    highlightShare: light.highlightShare,
    colour: judgeColour(measures.palette),
    detail: judgeDetail(detail.edgeShare, detail.grain),
    hasEdges: detail.edgeShare >= 0.002,
    focusZone: strongest(detail.zones, 0.24),
    lines,
    horizonHeight: lines === 'horizon' ? (layout.horizontals[0] ?? null) : null,
    areas: judgeAreas(measures.tones),
    glow: judgeGlow(measures.smallLights),
    isLightSteady: light.swing < 0.25,
    tones: [field.firstTone.name, field.lastTone.name],
    motion: judgeMotion(measures.motion, !isMap(kind)),
  };
}

function isMap(kind: UpsampleRequest['kind']): boolean {
  return kind === 'edge' || kind === 'seg' || kind === 'depth';
}

function judgeAreas({ count, coveredShare, largestShare, largestZones, slopeShare }: FlatToneMeasures) {
  return {
    // Where the commonest tones leave much uncovered, there are more areas than were counted.
    count: coveredShare >= 0.8 ? count : Number.POSITIVE_INFINITY,
    largestShare,
    place: placeOf({ zones: largestZones, share: largestShare }),
    isSharp: slopeShare < 0.12,
  };
}

/** Lights that are small: more of them would be what the frame shows, fewer are noise. */
function judgeGlow({ share, name, zones }: SmallLightMeasures): Facts['glow'] {
  if (name === null || share < 0.0003 || share > 0.1) return null;
  return { name: lightNames[name] ?? name, zone: strongest(zones, 0.6) };
}

/** Words for light where those for paint would sound odd. */
const lightNames: Readonly<Record<string, string>> = {
  ...{ gray: 'white', 'light gray': 'white', 'off-white': 'white', 'dark gray': 'white' },
  ...{ beige: 'pale gold', tan: 'pale gold', cream: 'pale gold', ochre: 'gold', olive: 'gold' },
  ...{ brown: 'amber', taupe: 'amber', 'slate gray': 'pale blue', 'steel blue': 'pale blue' },
};

function judgeLevel(mean: number): Facts['lightLevel'] {
  if (mean < 0.1) return 'black';
  if (mean < 0.37) return 'low';
  if (mean < 0.63) return 'balanced';
  return mean < 0.85 ? 'bright' : 'white';
}

/** A slope from one side to the other beats a bright spot; differences the eye would not notice are none. */
function judgePlace({ zones }: LightMeasures): LightPlace {
  const mean = zones.reduce((sum, zone) => sum + zone, 0) / 9;
  const highest = Math.max(...zones);
  const range = highest - Math.min(...zones);
  if (range < 0.1) return { kind: 'even' };
  const acrossDifference = sumOf(zones, [0, 3, 6]) - sumOf(zones, [2, 5, 8]);
  const downDifference = sumOf(zones, [0, 1, 2]) - sumOf(zones, [6, 7, 8]);
  const isAcross = Math.abs(acrossDifference) > Math.abs(downDifference);
  const slope = isAcross ? acrossDifference : downDifference;
  if (Math.abs(slope) / 3 > 0.65 * range) return { kind: 'side', side: sideOf(isAcross, slope) };
  return highest - mean > 0.06 ? { kind: 'zone', zone: zones.indexOf(highest) } : { kind: 'even' };
}

function sumOf(zones: readonly number[], indices: readonly number[]): number {
  return indices.reduce((sum, index) => sum + (zones[index] ?? 0), 0);
}

function sideOf(isAcross: boolean, slope: number): 'left' | 'right' | 'top' | 'bottom' {
  if (isAcross) return slope > 0 ? 'left' : 'right';
  return slope > 0 ? 'top' : 'bottom';
}

function judgeContrast(range: number): Facts['contrast'] {
  if (range < 0.15) return 'flat';
  if (range < 0.35) return 'soft';
  return range < 0.65 ? 'clear' : 'strong';
}

function judgeDetail(edgeShare: number, grain: number): Facts['detail'] {
  if (edgeShare < 0.015 && grain < 3) return 'smooth';
  if (edgeShare < 0.08) return 'sparse';
  return edgeShare < 0.25 ? 'rich' : 'dense';
}

/** The zone that holds at least `share` of the whole, if any. */
function strongest(zones: readonly number[], share: number): number | null {
  const highest = Math.max(...zones);
  return highest >= share ? zones.indexOf(highest) : null;
}

function judgeLines({ horizontals, verticals, symmetry }: LayoutMeasures): Facts['lines'] {
  if (horizontals.length >= 2 && verticals.length >= 2) return 'grid';
  if (verticals.length >= 2) return 'uprights';
  if (horizontals.length >= 2) return 'bands';
  if (horizontals.length === 1) return 'horizon';
  if (verticals.length === 1) return 'upright';
  return symmetry > 0.85 ? 'mirror' : 'none';
}
