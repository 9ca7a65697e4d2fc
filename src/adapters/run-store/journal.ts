import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { z } from 'zod';
import { settingsInEvent } from '../../core/run/run-approval.ts';
import { type Journaled, runEventVersion } from '../../core/run/run-status.ts';
import { AppError } from '../../errors/app-error.ts';
import { asDiskError } from '../../errors/system-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { RunEvents } from '../../ports/run-store.ts';
import { NotAFileError, noFollow, openRegularFile } from '../files/open-file.ts';
import { unlessMissing } from '../files/unless-missing.ts';
import { StoredEvents, wholeLines } from './journal-lines.ts';

/** Of a longer journal, in bytes, the events are not held in memory: about 40,000. */
const usualLongBytes = 16 * 1024 * 1024;

/** What every line has, whatever it tells. */
const envelopeSchema = z.object({
  version: z.literal(runEventVersion),
  seq: z.int().min(0),
  time: z.iso.datetime(),
});

export interface JournalContent<Body> {
  readonly events: RunEvents<Body>;
  /** Of the last session that was started with others than the checkpoint's; null for none. */
  readonly settings: unknown;
  /** Bytes up to the end of the last whole line. */
  readonly wholeBytes: number;
  readonly isTorn: boolean;
}

/**
 * Reads a journal. What follows the last newline was being written when the process died: it is left out.
 *
 * @param longBytes - Of a longer file the events are read again whenever they are looked through.
 * @throws AppError `checkpoint-damaged` for anything wrong before that.
 */
export async function readJournal<Body>(
  path: string,
  bodySchema: z.ZodType<Body>,
  longBytes = usualLongBytes,
): Promise<JournalContent<Body>> {
  await using file = await unlessMissing(openRegularFile(path, { noFollow: true }).catch(asDamage(path)));
  if (file === null) return { events: [], settings: null, wholeBytes: 0, isTorn: false };
  const isLong = (await file.stat()).size > longBytes;
  const events: Journaled<Body>[] = [];
  let [length, bytes, wholeBytes] = [0, 0, 0];
  let settings: unknown = null;
  for await (const block of wholeLines(file)) {
    ({ bytes, wholeBytes } = block);
    for (const line of block.lines) {
      const event = parseLine(line, length, path, bodySchema);
      length += 1;
      settings = settingsInEvent(event) ?? settings;
      if (!isLong) events.push(event);
    }
  }
  const isTorn = wholeBytes < bytes;
  return {
    events: isLong ? new StoredEvents(path, wholeBytes, length) : events,
    settings,
    wholeBytes,
    isTorn,
  };
}

/** A link under the journal's name would lead the writing elsewhere, and a pipe would be waited for. */
function asDamage(path: string) {
  return (error: unknown): never => {
    throw error instanceof NotAFileError ? damaged(`${path} cannot be read: ${error.message}.`) : error;
  };
}

/** The open end of a journal: appends lines in order, many at a time where they come faster than the disk. */
export class JournalWriter<Body> {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #clock: Clock;
  #nextSeq: number;
  #waiting: string[] = [];
  #writing: Promise<void> = Promise.resolve();
  /** Size of all whole lines. */
  #wholeBytes: number;
  /** A write failed half-way: what it left has to go before the next one. */
  #isTorn = false;

  private constructor(file: FileHandle, path: string, clock: Clock, content: JournalContent<Body>) {
    this.#file = file;
    this.#path = path;
    this.#clock = clock;
    this.#nextSeq = content.events.length;
    this.#wholeBytes = content.wholeBytes;
  }

  /** Opens a journal for appending, and cuts a torn line off first. */
  static async open<Body>(
    path: string,
    content: JournalContent<Body>,
    clock: Clock,
  ): Promise<JournalWriter<Body>> {
    // In two steps: Windows cannot cut a file that is open for appending.
    if (content.isTorn) {
      await using torn = await open(path, constants.O_RDWR | noFollow);
      await torn.truncate(content.wholeBytes);
    }
    const appending = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | noFollow;
    return new JournalWriter(await open(path, appending), path, clock, content);
  }

  append(body: Body): Journaled<Body> {
    const time = new Date(this.#clock.now()).toISOString();
    const event = { version: runEventVersion, seq: this.#nextSeq++, time, ...body } as const;
    this.#waiting.push(`${JSON.stringify(event)}\n`);
    return event;
  }

  async flush(isDurable: boolean): Promise<void> {
    const previous = this.#writing;
    this.#writing = previous.catch(() => undefined).then(() => this.#write(isDurable));
    await this.#writing;
  }

  async close(): Promise<void> {
    await this.#writing.catch(() => undefined);
    await this.#file.close();
  }

  async #write(isDurable: boolean): Promise<void> {
    try {
      await this.#writeLines();
      if (isDurable) await this.#file.datasync();
    } catch (error) {
      throw asDiskError(error, this.#path);
    }
  }

  /** Lines that could not be written, as on a full disk, wait for the next time; half a line never stays. */
  async #writeLines(): Promise<void> {
    if (this.#isTorn) await this.#file.truncate(this.#wholeBytes);
    this.#isTorn = false;
    const lines = [...this.#waiting];
    if (lines.length === 0) return;
    const content = Buffer.from(lines.join(''));
    this.#isTorn = true;
    await this.#file.appendFile(content);
    this.#isTorn = false;
    this.#wholeBytes += content.byteLength;
    this.#waiting = this.#waiting.slice(lines.length);
  }
}

function parseLine<Body>(
  line: string,
  index: number,
  path: string,
  bodySchema: z.ZodType<Body>,
): Journaled<Body> {
  try {
    const document: unknown = JSON.parse(line);
    const envelope = envelopeSchema.parse(document);
    if (envelope.seq === index) return { ...bodySchema.parse(document), ...envelope };
  } catch {
    // Told below, like a line out of order.
  }
  throw damaged(`${path}: line ${index + 1} is damaged or missing.`);
}

function damaged(message: string): AppError {
  return new AppError({
    code: 'checkpoint-damaged',
    message,
    nextStep: 'Start a new run: finished prompts are taken from the cache of results. Nothing was changed.',
  });
}
