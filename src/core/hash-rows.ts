/** Rows in one block of memory. */
const rowsInPage = 4096;

/** A table that is fuller than this share is made larger. */
const mostFilled = 0.6;

/**
 * Rows of 32-bit words that are found by their first words, a hash of at least two. A million of them take as much memory as their
 * words and some bytes more, where a `Map` of texts takes several times that.
 */
export class HashRows {
  readonly #keyWords: number;
  readonly #rowWords: number;
  readonly #pages: Uint32Array[] = [];
  /** Row numbers from 1, at the places that their keys ask for or behind them; 0 for none. */
  #slots = new Uint32Array(1024);
  #size = 0;

  /** @param keyWords - Words that a row is found by, at its beginning. @param rowWords - Words of a row, the key included. */
  constructor(keyWords: number, rowWords: number) {
    this.#keyWords = keyWords;
    this.#rowWords = rowWords;
  }

  /** The row with this key; null where there is none. It may be written to, except for the key. */
  find(key: Uint32Array): Uint32Array | null {
    const row = this.#slots[this.#slotOf(key)] ?? 0;
    return row === 0 ? null : this.#at(row - 1);
  }

  /** The row with this key, which is added with zeros if it is not there. */
  insert(key: Uint32Array): Uint32Array {
    const found = this.find(key);
    if (found) return found;
    const row = this.#at(this.#size);
    row.set(key);
    this.#size += 1;
    if (this.#size > this.#slots.length * mostFilled) this.#enlarge();
    else this.#slots[this.#slotOf(key)] = this.#size;
    return row;
  }

  /** All rows, in the order in which they were added. */
  *rows(): Generator<Uint32Array> {
    for (let row = 0; row < this.#size; row += 1) yield this.#at(row);
  }

  #at(row: number): Uint32Array {
    const number = Math.floor(row / rowsInPage);
    const page = this.#pages[number] ?? new Uint32Array(rowsInPage * this.#rowWords);
    this.#pages[number] = page;
    const start = (row % rowsInPage) * this.#rowWords;
    return page.subarray(start, start + this.#rowWords);
  }

  /** Where the key is, or belongs. */
  #slotOf(key: Uint32Array): number {
    const mask = this.#slots.length - 1;
    let slot = ((key[0] ?? 0) ^ (key[1] ?? 0)) & mask;
    for (;;) {
      const row = this.#slots[slot] ?? 0;
      if (row === 0 || this.#hasKey(row - 1, key)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #hasKey(row: number, key: Uint32Array): boolean {
    const page = this.#pages[Math.floor(row / rowsInPage)];
    const start = (row % rowsInPage) * this.#rowWords;
    for (let word = 0; word < this.#keyWords; word += 1) if (page?.[start + word] !== key[word]) return false;
    return true;
  }

  #enlarge(): void {
    this.#slots = new Uint32Array(2 * this.#slots.length);
    for (let row = 0; row < this.#size; row += 1)
      this.#slots[this.#slotOf(this.#at(row).subarray(0, this.#keyWords))] = row + 1;
  }
}

const keyWords = 8;

/** 64 hexadecimal digits as eight words; null for any other text. */
export function wordsOfHex(text: string): Uint32Array | null {
  if (!/^[0-9a-f]{64}$/.test(text)) return null;
  const words = new Uint32Array(keyWords);
  for (let word = 0; word < keyWords; word += 1)
    words[word] = Number.parseInt(text.slice(8 * word, 8 * word + 8), 16);
  return words;
}

/** What {@link wordsOfHex} was given. */
export function hexOfWords(words: Uint32Array): string {
  let text = '';
  for (const word of words.subarray(0, keyWords)) text += word.toString(16).padStart(8, '0');
  return text;
}

/** 16 characters of base64url, 96 bits, as three words; null for any other text. */
export function wordsOfBase64Url(text: string): Uint32Array | null {
  if (!/^[\w-]{16}$/.test(text)) return null;
  const bytes = Buffer.from(text, 'base64url');
  return Uint32Array.from({ length: 3 }, (_, word) => bytes.readUInt32BE(4 * word));
}

/** What {@link wordsOfBase64Url} was given. */
export function base64UrlOfWords(words: Uint32Array): string {
  const bytes = Buffer.alloc(12);
  for (const [word, value] of words.subarray(0, 3).entries()) bytes.writeUInt32BE(value, 4 * word);
  return bytes.toString('base64url');
}

/** A set of keys of tasks. Those that are no hashes are kept as they are. */
export class TaskKeySet {
  /** A row is a key, and 1 while it is in the set. */
  readonly #hashes = new HashRows(keyWords, keyWords + 1);
  readonly #others = new Set<string>();

  constructor(keys: Iterable<string> = []) {
    for (const key of keys) this.add(key);
  }

  has(key: string): boolean {
    const words = wordsOfHex(key);
    return words ? this.#hashes.find(words)?.[keyWords] === 1 : this.#others.has(key);
  }

  add(key: string): void {
    const words = wordsOfHex(key);
    if (words) this.#hashes.insert(words)[keyWords] = 1;
    else this.#others.add(key);
  }

  delete(key: string): void {
    const row = this.#hashes.find(wordsOfHex(key) ?? new Uint32Array(keyWords));
    if (row && hexOfWords(row) === key) row[keyWords] = 0;
    this.#others.delete(key);
  }

  *[Symbol.iterator](): Generator<string> {
    for (const row of this.#hashes.rows()) if (row[keyWords] === 1) yield hexOfWords(row);
    yield* this.#others;
  }
}
