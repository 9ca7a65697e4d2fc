/** Lanes by the memory of a GPU: below so many GB, so many. */
const slots = [
  { belowGb: 5, lanes: 1 },
  { belowGb: 7, lanes: 2 },
  { belowGb: 10, lanes: 3 },
] as const;
const mostLanes = 4;

/**
 * How many engine processes a GPU is first given, before a probe shows what it really bears.
 *
 * @param vramGb - The GPU's memory in GB.
 */
export function lanesForVram(vramGb: number): number {
  return slots.find(({ belowGb }) => vramGb < belowGb)?.lanes ?? mostLanes;
}
