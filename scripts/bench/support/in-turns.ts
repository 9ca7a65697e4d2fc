/**
 * Measures several ways of doing something, `rounds` times each, in an order that changes from round to round, so that
 * other load on the machine meets all alike.
 *
 * @returns the measurements of each way.
 */
export async function inTurns<Name extends string>(
  rounds: number,
  ways: Readonly<Record<Name, () => Promise<number>>>,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(ways) as Name[];
  const measured = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round < rounds; round++) {
    const shift = round % names.length;
    for (const name of [...names.slice(shift), ...names.slice(0, shift)]) {
      measured[name].push(await ways[name]());
    }
  }
  return measured;
}
