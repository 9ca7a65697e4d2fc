import { printableJson } from '../../core/printable.ts';

/** A list that is made while it is written: of a million entries only one is there at a time. */
export class LazyList<Entry> implements Iterable<Entry> {
  readonly #entries: () => Iterable<Entry>;

  constructor(entries: () => Iterable<Entry>) {
    this.#entries = entries;
  }

  [Symbol.iterator](): Iterator<Entry> {
    return this.#entries()[Symbol.iterator]();
  }

  toJSON(): Entry[] {
    return [...this];
  }
}

/** Characters that are gathered before they are given on. */
const blockLength = 64 * 1024;

/** What {@link printableJson} gives with an indent of 2, in pieces: a long document exceeds the longest text there can be. */
export function* jsonChunks(document: unknown): Generator<string> {
  let block = '';
  for (const piece of piecesOf(document)) {
    block += piece;
    if (block.length < blockLength) continue;
    yield block;
    block = '';
  }
  yield `${block}\n`;
}

function* piecesOf(document: unknown): Generator<string> {
  const isObject = typeof document === 'object' && document !== null && !('toJSON' in document);
  if (!isObject || Array.isArray(document)) return yield printableJson(document, 2);
  let separator = '{\n';
  for (const [key, value] of Object.entries(document)) {
    if (value === undefined) continue;
    yield `${separator}  ${printableJson(key)}: `;
    if (Array.isArray(value) || value instanceof LazyList) yield* listPieces(value);
    else yield indented(value, '  ');
    separator = ',\n';
  }
  yield separator === '{\n' ? '{}' : '\n}';
}

function* listPieces(list: Iterable<unknown>): Generator<string> {
  let separator = '[\n';
  for (const entry of list) {
    yield `${separator}    ${indented(entry, '    ')}`;
    separator = ',\n';
  }
  yield separator === '[\n' ? '[]' : '\n  ]';
}

function indented(value: unknown, margin: string): string {
  return printableJson(value, 2).replaceAll('\n', `\n${margin}`);
}
