/** A worker of a pool: which member's, and its number there. */
export interface PlacedWorker {
  readonly member: number;
  readonly workerId: number;
}

/**
 * Which member has which worker of a pool. Each next worker goes to the member that has the smallest share of those it is
 * configured for, so the numbers are the same however many workers a run has.
 *
 * @param configured - Workers of each member, at least 1.
 * @param workers - How many are numbered.
 */
export function placeWorkers(configured: readonly number[], workers: number): PlacedWorker[] {
  const given = configured.map(() => 0);
  return Array.from({ length: workers }, () => {
    const shares = configured.map((most, member) => (given[member] ?? 0) / most);
    const member = shares.indexOf(Math.min(...shares));
    const workerId = given[member] ?? 0;
    given[member] = workerId + 1;
    return { member, workerId };
  });
}
