import type { LumaPlane } from './luma-plane.ts';

/** How much there is to see, and where. Shares are of all inner pixels, 0 to 1. */
export interface DetailMeasures {
  /** Share of pixels on an edge. */
  readonly edgeShare: number;
  /** Share of pixels whose neighbors have the very same brightness. */
  readonly flatShare: number;
  /** Share of pixels on a slope: neither flat nor an edge. */
  readonly slopeShare: number;
  /** Mean strength of the finest texture away from edges, in steps of brightness (0 to 255). */
  readonly grain: number;
  /** Share of pixels that are nearly black. */
  readonly blackShare: number;
  /** Share of pixels that are clearly not black. */
  readonly litShare: number;
  /** Share of the lit pixels that belong to something thin, such as a drawn line. */
  readonly thinShare: number;
  /** How edge strength is spread over the nine zones (sum 1, or all 0 without edges). */
  readonly zones: readonly number[];
}

/** Measures edges, slopes and texture over all frames together. */
export function measureDetail(planes: readonly LumaPlane[]): DetailMeasures {
  const tally = newTally();
  for (const plane of planes) tallyPlane(plane, tally);
  const pixels = Math.max(1, tally.pixels);
  const strength = tally.zones.reduce((sum, zone) => sum + zone, 0);
  return {
    edgeShare: tally.edges / pixels,
    flatShare: tally.flat / pixels,
    slopeShare: (pixels - tally.edges - tally.flat) / pixels,
    grain: tally.grain / Math.max(1, tally.pixels - tally.edges),
    blackShare: tally.black / pixels,
    litShare: tally.lit / pixels,
    thinShare: tally.thin / Math.max(1, tally.lit),
    zones: Array.from(tally.zones, (zone) => (strength === 0 ? 0 : zone / strength)),
  };
}

/** Sums of brightness differences to the four neighbors; 255 is black to white in one step. */
const edgeGradient = 40;
const flatGradient = 1;
const blackLuma = 40;
const litLuma = 70;

function newTally() {
  return { pixels: 0, edges: 0, flat: 0, grain: 0, black: 0, lit: 0, thin: 0, zones: new Float64Array(9) };
}

function tallyPlane(plane: LumaPlane, tally: ReturnType<typeof newTally>): void {
  const { width, height, data } = plane;
  const reach = Math.max(1, Math.round(width / 80));
  for (let y = 1; y < height - 1; y++) {
    const zoneRow = 3 * Math.floor((3 * y) / height);
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x;
      const [here, left, right] = [data[at] ?? 0, data[at - 1] ?? 0, data[at + 1] ?? 0];
      const [up, down] = [data[at - width] ?? 0, data[at + width] ?? 0];
      const gradient = Math.abs(right - left) + Math.abs(down - up);
      tally.pixels++;
      if (gradient > edgeGradient) {
        const zone = zoneRow + Math.floor((3 * x) / width);
        tally.edges++;
        tally.zones[zone] = (tally.zones[zone] ?? 0) + gradient;
      } else {
        tally.grain += Math.abs(4 * here - left - right - up - down) / 4;
        if (gradient <= flatGradient) tally.flat++;
      }
      if (here < blackLuma) tally.black++;
      if (here > litLuma) {
        tally.lit++;
        if (isThin(plane, x, y, reach)) tally.thin++;
      }
    }
  }
}

/** Whether there is darkness within reach on two opposite sides. */
function isThin(plane: LumaPlane, x: number, y: number, reach: number): boolean {
  return (
    (isDarkNear(plane, x, y, -1, 0, reach) && isDarkNear(plane, x, y, 1, 0, reach)) ||
    (isDarkNear(plane, x, y, 0, -1, reach) && isDarkNear(plane, x, y, 0, 1, reach))
  );
}

function isDarkNear(plane: LumaPlane, x: number, y: number, dx: number, dy: number, reach: number): boolean {
  for (let step = 1; step <= reach; step++) {
    const column = x + dx * step;
    const row = y + dy * step;
    if (column < 0 || row < 0 || column >= plane.width || row >= plane.height) return false;
    if ((plane.data[row * plane.width + column] ?? 0) < blackLuma) return true;
  }
  return false;
}
