import ranks from 'gpt-tokenizer/bpeRanks/cl100k_base';

/**
 * The tokens of cl100k as base64, in an order in which they can be looked up as they are: those of each length one after the
 * other and sorted, the shortest first. Before them stand, as 32-bit numbers, how many there are of each length, a zero for the end,
 * and each one's rank.
 *
 * The bundle has the text itself in place of this module: the list that it is made of takes 0.1 s to load.
 */
export const vocabulary = packed();

function packed(): string {
  const tokens = Array.from(ranks, (token, rank) => ({ bytes: Buffer.from(token), rank }));
  tokens.sort((a, b) => a.bytes.length - b.bytes.length || Buffer.compare(a.bytes, b.bytes));
  const counts = Array<number>(tokens.at(-1)?.bytes.length ?? 0).fill(0);
  for (const { bytes } of tokens) counts[bytes.length - 1] = (counts[bytes.length - 1] ?? 0) + 1;
  // A length that no token has must not be taken for the end.
  const known = counts.map((count) => count + 1);
  const numbers = Uint32Array.from([...known, 0, ...tokens.map(({ rank }) => rank)]);
  return Buffer.concat([Buffer.from(numbers.buffer), ...tokens.map(({ bytes }) => bytes)]).toString('base64');
}
