import { CL100K_TOKEN_SPLIT_REGEX } from 'gpt-tokenizer/encodingParams/constants';
import { vocabulary } from './vocabulary.ts';

/** The tokens of one length, sorted. */
interface TokenGroup {
  readonly count: number;
  /** Where their bytes begin. */
  readonly start: number;
  /** Where their ranks begin. */
  readonly firstRank: number;
}

/** The tokens that cl100k makes of a text. Special tokens are read as plain text. Takes time linear in text of short words. */
export function openCl100k(): (text: string) => number[] {
  const table = new TokenTable(Buffer.from(vocabulary, 'base64'));
  return (text) => {
    const tokens: number[] = [];
    for (const [piece] of text.matchAll(CL100K_TOKEN_SPLIT_REGEX)) {
      const bytes = Buffer.from(piece);
      const whole = piece.isWellFormed() ? table.rankOf(bytes, 0, bytes.length) : noRank;
      if (whole < noRank) tokens.push(whole);
      else tokens.push(...merged(bytes, table));
    }
    return tokens;
  };
}

const noRank = Number.POSITIVE_INFINITY;

/** Looks tokens up where they lie: nothing is built of the vocabulary before. */
class TokenTable {
  readonly #bytes: Buffer;
  readonly #groups: TokenGroup[] = [];

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    const counts: number[] = [];
    for (let at = 0; bytes.readUInt32LE(at) > 0; at += 4) counts.push(bytes.readUInt32LE(at) - 1);
    let firstRank = 4 * (counts.length + 1);
    let start = firstRank + 4 * counts.reduce((sum, count) => sum + count, 0);
    for (const [at, count] of counts.entries()) {
      this.#groups.push({ count, start, firstRank });
      firstRank += 4 * count;
      start += (at + 1) * count;
    }
  }

  /** The rank of some bytes of a piece; {@link noRank} where they are no token. */
  rankOf(piece: Uint8Array, from: number, to: number): number {
    const length = to - from;
    const group = this.#groups[length - 1];
    let [low, high] = [0, (group?.count ?? 0) - 1];
    while (group && low <= high) {
      const middle = (low + high) >>> 1;
      const at = group.start + middle * length;
      const order = this.#bytes.compare(piece, from, to, at, at + length);
      if (order === 0) return this.#bytes.readUInt32LE(group.firstRank + 4 * middle);
      if (order < 0) low = middle + 1;
      else high = middle - 1;
    }
    return noRank;
  }
}

/** Joins, again and again, the two neighbours that make the token of the lowest rank. */
function merged(piece: Uint8Array, table: TokenTable): number[] {
  const starts = Array.from({ length: piece.length + 1 }, (_, at) => at);
  const joined = (at: number) => {
    const end = starts[at + 2];
    return end === undefined ? noRank : table.rankOf(piece, starts[at] ?? 0, end);
  };
  const ranks = starts.map((_, at) => joined(at));
  for (;;) {
    let lowest = 0;
    for (let at = 1; at < ranks.length; at++)
      if ((ranks[at] ?? noRank) < (ranks[lowest] ?? noRank)) lowest = at;
    if ((ranks[lowest] ?? noRank) === noRank) break;
    starts.splice(lowest + 1, 1);
    ranks.splice(lowest + 1, 1);
    ranks[lowest] = joined(lowest);
    if (lowest > 0) ranks[lowest - 1] = joined(lowest - 1);
  }
  return starts.slice(0, -1).map((start, at) => table.rankOf(piece, start, starts[at + 1] ?? piece.length));
}
