import { constants } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { parseJsonAs } from '../../core/json.ts';
import { isErrno } from '../../errors/system-error.ts';
import { readWhole } from './bounded-read.ts';
import { noFollow } from './open-file.ts';
import { ownerOnly, ownerOnlyFolder, publishFile } from './publish-file.ts';

const lineSchema = z.tuple([z.string().min(1), z.unknown()]);

interface AppendLogOptions<T> {
  readonly path: string;
  readonly schema: z.ZodType<T>;
  /** How many entries are kept; beyond it the oldest ones are forgotten. */
  readonly maxEntries?: number;
}

/**
 * A cache of small values in one file, a JSON line `[key, value]` each, read once and then only appended to.
 *
 * Made to lose entries rather than to fail: lines that are torn, foreign or of another shape are skipped, the
 * last line of a key counts, and what cannot be written is forgotten. Several processes may append at once; each
 * sees the others' entries the next time it starts.
 */
export class AppendLog<T> {
  readonly #path: string;
  readonly #schema: z.ZodType<T>;
  readonly #maxEntries: number;
  #loading: Promise<Map<string, T>> | null = null;
  #unwritten: string[] = [];
  #writing: Promise<void> = Promise.resolve();

  constructor(options: AppendLogOptions<T>) {
    this.#path = options.path;
    this.#schema = options.schema;
    this.#maxEntries = options.maxEntries ?? 200_000;
  }

  async get(key: string): Promise<T | null> {
    return (await this.#entries()).get(key) ?? null;
  }

  /** Remembers at once and writes soon; {@link settled} resolves then. */
  async put(key: string, value: T): Promise<void> {
    const entries = await this.#entries();
    entries.delete(key);
    entries.set(key, value);
    forgetOldest(entries, this.#maxEntries);
    this.#unwritten.push(JSON.stringify([key, value]));
    if (this.#unwritten.length === 1) this.#writing = this.#writing.then(() => this.#write());
  }

  /** Resolves when all that was put is in the file, or could not be written. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  async #entries(): Promise<Map<string, T>> {
    this.#loading ??= this.#load();
    return await this.#loading;
  }

  async #load(): Promise<Map<string, T>> {
    const text = await readWhole(this.#path, { noFollow: true }).then(String, () => '');
    const lines = text.split('\n');
    const entries = new Map<string, T>();
    for (const line of lines) {
      const parsed = this.#parse(line);
      if (!parsed) continue;
      // Deleted first, so that the order of the map is the order of writing.
      entries.delete(parsed.key);
      entries.set(parsed.key, parsed.value);
    }
    forgetOldest(entries, this.#maxEntries);
    if (lines.length > 2 * entries.size + 10_000) await this.#rewrite(entries);
    return entries;
  }

  #parse(line: string): { key: string; value: T } | null {
    const [key, document] = parseJsonAs(lineSchema, line) ?? [];
    const value = this.#schema.safeParse(document);
    return key !== undefined && value.success ? { key, value: value.data } : null;
  }

  async #rewrite(entries: ReadonlyMap<string, T>): Promise<void> {
    const lines = Array.from(entries, (entry) => `${JSON.stringify(entry)}\n`);
    await publishFile(this.#path, lines.join(''), ownerOnly).catch(() => undefined);
  }

  async #write(): Promise<void> {
    const lines = this.#unwritten;
    this.#unwritten = [];
    // Begins with a line break, so that a line another process left torn spoils none of these.
    const text = `\n${lines.join('\n')}\n`;
    await appendInNewFolder(this.#path, text).catch(() => undefined);
  }
}

function forgetOldest(entries: Map<string, unknown>, maxEntries: number): void {
  for (const key of entries.keys()) {
    if (entries.size <= maxEntries) return;
    entries.delete(key);
  }
}

async function appendInNewFolder(path: string, text: string): Promise<void> {
  try {
    await append(path, text);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    await mkdir(dirname(path), { recursive: true, mode: ownerOnlyFolder });
    await append(path, text);
  }
}

/** A link that was planted under its name is not followed. */
async function append(path: string, text: string): Promise<void> {
  const { O_WRONLY, O_APPEND, O_CREAT } = constants;
  await using file = await open(path, O_WRONLY | O_APPEND | O_CREAT | noFollow, ownerOnly);
  await file.writeFile(text);
}
