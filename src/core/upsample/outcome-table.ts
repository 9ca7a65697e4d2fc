import type { UpsampleTaskEvent } from './upsample-event.ts';

type EventOf<Type extends UpsampleTaskEvent['type']> = Extract<UpsampleTaskEvent, { type: Type }>;

/** What is known of a spec that was prepared. */
export type PreparedFacts = Omit<EventOf<'task-prepared'>, 'type' | 'spec'>;
/** What is known of a spec that is enriched. */
export type FinishedFacts = Omit<EventOf<'task-finished'>, 'type' | 'spec'>;

type Hint = NonNullable<PreparedFacts['hint']>;

/** Where the words of a row are: 32 bits each. */
const at = {
  ...{ key: 0, text: 8, input: 11, flags: 14, width: 15, maxTokens: 16, frames: 17, model: 18 },
  ...{ prompt: 19, output: 20, attempts: 21, durationMs: 22, reusedFrom: 23, hintKey: 24 },
  ...{ height: 32, hintFrames: 33 },
} as const;
const rowWords = 34;
const rowsInPage = 4096;

const isPrepared = 1;
const isFinished = 2;
const isReused = 4;
const hasMark = 8;
const isReopened = 16;
const hasHint = 32;
const isHintMade = 64;

/** Stands for a count that is not known. */
const unknownCount = 0xffff_ffff;

/**
 * What became of the specs of a run, by their place in the plan. Facts are kept as numbers, 136 bytes a spec: as objects, those
 * of a million would not fit into memory. What does not go into numbers, such as the keys of other versions, is kept as it is.
 */
export class OutcomeTable {
  readonly #pages: Uint32Array[] = [];
  readonly #names = new NameList();
  readonly #oddPrepared = new Map<number, PreparedFacts>();
  readonly #oddFinished = new Map<number, FinishedFacts>();
  /** Places of enriched specs, where they are not the usual ones. */
  readonly #outputs = new Map<number, string>();

  prepare(row: number, facts: PreparedFacts): void {
    const { task_key: key, hint, max_output_tokens: maxTokens } = facts;
    this.#oddPrepared.delete(row);
    this.#mark(row, isPrepared, true);
    if (!isHexKey(key) || !isPlainHint(hint) || this.#has(row, isFinished))
      this.#oddPrepared.set(row, pickPrepared(facts));
    else {
      const [words, start] = this.#row(row);
      writeKey(words, start, key);
      this.#mark(row, hasHint, hint !== null);
      if (hint) this.#writeHint(row, hint);
      words[start + at.maxTokens] = maxTokens ?? 0;
    }
  }

  /** @param usualOutput - Where the enriched spec is expected; a place of this name is not stored. */
  finish(row: number, facts: FinishedFacts, usualOutput: string | null): void {
    const before = this.prepared(row);
    const isKnownKey = before === null || (before.task_key === facts.task_key && !this.#oddPrepared.has(row));
    this.#mark(row, isFinished, true);
    if (!isKnownKey || !isPlain(facts)) {
      this.#oddFinished.set(row, pickFinished(facts));
      return;
    }
    const [words, start] = this.#row(row);
    writeKey(words, start, facts.task_key);
    words[start + at.frames] = facts.frames_used;
    words[start + at.model] = this.#names.indexOf(facts.model);
    words[start + at.prompt] = facts.actual_prompt ?? unknownCount;
    words[start + at.output] = facts.actual_output ?? unknownCount;
    words[start + at.attempts] = facts.attempts;
    words[start + at.durationMs] = facts.duration_ms;
    words[start + at.reusedFrom] =
      facts.reused_from === undefined ? 0 : this.#names.indexOf(facts.reused_from) + 1;
    this.#mark(row, isReused, facts.is_reused);
    const { answer_mark: mark } = facts;
    this.#mark(row, hasMark, mark !== undefined);
    if (mark) {
      writeMark(words, start + at.text, mark.text);
      writeMark(words, start + at.input, mark.input);
    }
    if (facts.output !== usualOutput) this.#outputs.set(row, facts.output);
  }

  prepared(row: number): PreparedFacts | null {
    if (!this.#has(row, isPrepared)) return null;
    const odd = this.#oddPrepared.get(row);
    if (odd) return odd;
    const [words, start] = this.#row(row);
    const maxTokens = words[start + at.maxTokens] ?? 0;
    return {
      task_key: readKey(words, start),
      hint: this.#has(row, hasHint) ? this.#readHint(row) : null,
      ...(maxTokens > 0 && { max_output_tokens: maxTokens }),
    };
  }

  isFinished(row: number): boolean {
    return this.#has(row, isFinished);
  }

  finished(row: number, usualOutput: string | null): FinishedFacts | null {
    if (!this.#has(row, isFinished)) return null;
    const odd = this.#oddFinished.get(row);
    if (odd) return odd;
    const [words, start] = this.#row(row);
    const word = (offset: number) => words[start + offset] ?? 0;
    const countAt = (offset: number) => (word(offset) === unknownCount ? null : word(offset));
    const reusedFrom = word(at.reusedFrom);
    return {
      task_key: readKey(words, start),
      output: this.#outputs.get(row) ?? usualOutput ?? '',
      is_reused: this.#has(row, isReused),
      frames_used: word(at.frames),
      model: this.#names.at(word(at.model)) ?? '',
      actual_prompt: countAt(at.prompt),
      actual_output: countAt(at.output),
      attempts: word(at.attempts),
      duration_ms: word(at.durationMs),
      ...(reusedFrom > 0 && { reused_from: this.#names.at(reusedFrom - 1) ?? '' }),
      ...(this.#has(row, hasMark) && {
        answer_mark: { text: readMark(words, start + at.text), input: readMark(words, start + at.input) },
      }),
    };
  }

  #writeHint(row: number, { sha256, width, height, frames, generated }: Hint): void {
    const [words, start] = this.#row(row);
    writeKey(words, start + at.hintKey, sha256);
    words[start + at.width] = width;
    words[start + at.height] = height;
    words[start + at.hintFrames] = frames;
    this.#mark(row, isHintMade, generated);
  }

  #readHint(row: number): Hint {
    const [words, start] = this.#row(row);
    return {
      sha256: readKey(words, start + at.hintKey),
      width: words[start + at.width] ?? 0,
      height: words[start + at.height] ?? 0,
      frames: words[start + at.hintFrames] ?? 0,
      generated: this.#has(row, isHintMade),
    };
  }

  isReopened(row: number): boolean {
    return this.#has(row, isReopened);
  }

  reopen(row: number): void {
    this.#mark(row, isReopened, true);
  }

  #has(row: number, flag: number): boolean {
    const page = this.#pages[Math.floor(row / rowsInPage)];
    return ((page?.[(row % rowsInPage) * rowWords + at.flags] ?? 0) & flag) !== 0;
  }

  #mark(row: number, flag: number, isSet: boolean): void {
    const [words, start] = this.#row(row);
    const flags = words[start + at.flags] ?? 0;
    words[start + at.flags] = isSet ? flags | flag : flags & ~flag;
  }

  #row(row: number): [words: Uint32Array, start: number] {
    const number = Math.floor(row / rowsInPage);
    const page = this.#pages[number] ?? new Uint32Array(rowsInPage * rowWords);
    this.#pages[number] = page;
    return [page, (row % rowsInPage) * rowWords];
  }
}

/** Names that come again and again, by numbers. */
class NameList {
  readonly #values: string[] = [];
  readonly #numbers = new Map<string, number>();

  indexOf(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    this.#numbers.set(name, this.#values.length);
    return this.#values.push(name) - 1;
  }

  at(number: number): string | undefined {
    return this.#values[number];
  }
}

function pickPrepared({ task_key, hint, max_output_tokens: maxTokens }: PreparedFacts): PreparedFacts {
  return { task_key, hint, ...(maxTokens !== undefined && { max_output_tokens: maxTokens }) };
}

function pickFinished(facts: FinishedFacts): FinishedFacts {
  const { task_key, output, is_reused, frames_used, model, actual_prompt, actual_output } = facts;
  const { attempts, duration_ms, reused_from, answer_mark } = facts;
  return {
    ...{
      task_key,
      output,
      is_reused,
      frames_used,
      model,
      actual_prompt,
      actual_output,
      attempts,
      duration_ms,
    },
    ...(reused_from !== undefined && { reused_from }),
    ...(answer_mark && { answer_mark }),
  };
}

/** Whether all of it goes into a row and comes out as it was. */
function isPlain(facts: FinishedFacts): boolean {
  const { actual_prompt: prompt, actual_output: output, answer_mark: mark } = facts;
  const counts = [facts.frames_used, facts.attempts, facts.duration_ms, prompt ?? 0, output ?? 0];
  if (!isHexKey(facts.task_key) || !counts.every(isPlainCount)) return false;
  return mark === undefined || (isPlainMark(mark.text) && isPlainMark(mark.input));
}

function isPlainHint(hint: PreparedFacts['hint']): boolean {
  if (hint === null) return true;
  return isHexKey(hint.sha256) && [hint.width, hint.height, hint.frames].every(isPlainCount);
}

function isPlainCount(count: number): boolean {
  return count >= 0 && count < unknownCount;
}

function isHexKey(key: string): boolean {
  return /^[0-9a-f]{64}$/.test(key);
}

function isPlainMark(mark: string): boolean {
  return /^[\w-]{16}$/.test(mark);
}

function writeKey(words: Uint32Array, start: number, key: string): void {
  for (let word = 0; word < 8; word += 1)
    words[start + at.key + word] = Number.parseInt(key.slice(8 * word, 8 * word + 8), 16);
}

function readKey(words: Uint32Array, start: number): string {
  let key = '';
  for (let word = 0; word < 8; word += 1)
    key += (words[start + at.key + word] ?? 0).toString(16).padStart(8, '0');
  return key;
}

/** 16 characters of base64url are three words. */
function writeMark(words: Uint32Array, start: number, mark: string): void {
  const bytes = Buffer.from(mark, 'base64url');
  for (let word = 0; word < 3; word += 1) words[start + word] = bytes.readUInt32BE(4 * word);
}

function readMark(words: Uint32Array, start: number): string {
  const bytes = Buffer.alloc(12);
  for (let word = 0; word < 3; word += 1) bytes.writeUInt32BE(words[start + word] ?? 0, 4 * word);
  return bytes.toString('base64url');
}
