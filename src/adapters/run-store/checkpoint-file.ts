import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import {
  type AnyCheckpoint,
  checkpointVersion,
  type LongLists,
  type RunFormat,
} from '../../core/run/run-format.ts';
import { shellQuoted } from '../../core/run/shell-quoted.ts';
import { AppError } from '../../errors/app-error.ts';
import { NotAFileError, openRegularFile } from '../files/open-file.ts';
import { unlessMissing } from '../files/unless-missing.ts';
import { limitHeapGrowth } from '../limit-heap-growth.ts';

/** From this size on, in bytes, memory is worth more than time. */
const largeBytes = 100 * 1024 * 1024;

/** A checkpoint names its kind within so many bytes. */
const kindBytes = 64;

type ReadFormat<Checkpoint extends AnyCheckpoint> = Pick<
  RunFormat<Checkpoint, never>,
  'kind' | 'checkpointSchema' | 'longLists'
>;

/** A checkpoint, and what was read. */
export interface CheckpointFile<Checkpoint> {
  readonly checkpoint: Checkpoint;
  /** Hex, of the bytes of the file. */
  readonly sha256: string;
}

/**
 * Reads a `checkpoint.json`, once: what was hashed is what is used.
 *
 * @throws AppError `run-not-found`, `checkpoint-damaged`, `checkpoint-version` for a file of another version, or `run-kind`
 * for one of another kind of run.
 */
export async function readCheckpoint<Checkpoint extends AnyCheckpoint>(
  path: string,
  { kind, checkpointSchema, longLists }: ReadFormat<Checkpoint>,
): Promise<CheckpointFile<Checkpoint>> {
  const document = await unlessMissing(readDocument(path, longLists), 'ENOTDIR', 'EISDIR');
  if (document === null)
    throw new AppError({
      code: 'run-not-found',
      message: `There is no checkpoint at ${path}.`,
      nextStep: 'List the runs with: cosmos runs',
    });
  const head: { version?: unknown; kind?: unknown } =
    typeof document.json === 'object' && document.json !== null ? document.json : {};
  await assertNoLinks(dirname(path));
  const { version, kind: found } = head;
  if (typeof version === 'number' && version !== checkpointVersion) {
    throw new AppError({
      code: 'checkpoint-version',
      message: `${path} has version ${version}; this version of cosmos reads version ${checkpointVersion}.`,
      nextStep:
        'Resume with the version of cosmos that started the run, or start a new run: finished prompts are reused.',
    });
  }
  if (typeof found === 'string' && found !== kind)
    throw new AppError({
      code: 'run-kind',
      message: `${path} is a run of kind ${found.slice(0, 32)}, not ${kind}.`,
      nextStep: `Continue it with: cosmos resume ${shellQuoted(dirname(path))}`,
    });
  const schema = (document.isChecked && longLists?.wholeSchema) || checkpointSchema;
  const parsed = schema.safeParse(document.json);
  if (parsed.success) return { checkpoint: parsed.data, sha256: document.sha256 };
  const issue = parsed.error.issues[0];
  throw damaged(
    path,
    `${issue?.path.map(String).join('.') || 'the file'}: ${issue?.message ?? 'has the wrong shape'}`,
  );
}

/** What is written to a run folder stays there. @throws AppError `checkpoint-damaged`. */
async function assertNoLinks(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  const link = entries.find((entry) => entry.isSymbolicLink());
  if (link) throw damaged(join(folder, link.name), 'it is a link, which leads out of the run folder');
}

/** Name of a run's kind; null when there is no checkpoint, or it names none. Reads only its beginning, where it says so. */
export async function readKind(path: string): Promise<string | null> {
  const begin = await unlessMissing(readBegin(path), 'ENOTDIR', 'EISDIR');
  return /^\{"version":\d+,"kind":"([a-z-]{1,32})"/.exec(begin ?? '')?.[1] ?? null;
}

async function readBegin(path: string): Promise<string> {
  await using file = await openRegular(path);
  const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(kindBytes), position: 0 });
  return buffer.subarray(0, bytesRead).toString('latin1');
}

/** A checkpoint in pieces, each entry of its lists on a line of its own. */
export function* checkpointText(checkpoint: object): Generator<string> {
  let separator = '{';
  for (const [key, value] of Object.entries(checkpoint)) {
    yield `${separator}${JSON.stringify(key)}:`;
    if (Array.isArray(value) && value.length > 0) yield* linesOfList(value);
    else yield JSON.stringify(value);
    separator = ',';
  }
  yield '}\n';
}

function* linesOfList(list: readonly unknown[]): Generator<string> {
  let separator = '[\n';
  for (const entry of list) {
    yield separator + JSON.stringify(entry);
    separator = ',\n';
  }
  yield '\n]';
}

interface Document {
  readonly json: unknown;
  readonly sha256: string;
  /** All entries of its lists are as the entry reader gave them. */
  readonly isChecked: boolean;
}

/** What a checkpoint holds. A long one exceeds the longest text there can be, so its lists are read line by line. */
async function readDocument(
  path: string,
  longLists?: Pick<LongLists<unknown>, 'entryReader' | 'names'>,
): Promise<Document> {
  await using file = await openRegular(path);
  if ((await file.stat()).size > largeBytes) limitHeapGrowth();
  const hash = createHash('sha256');
  const lists = new Map<string, unknown[]>();
  let list: { readonly name: string; readonly entries: unknown[] } | null = null;
  let rest = '';
  const readEntry = longLists?.entryReader();
  let isChecked = readEntry !== undefined;
  try {
    for await (const line of linesOf(file, hash)) {
      if (list !== null && !line.startsWith(']')) {
        const entry: unknown = JSON.parse(line.endsWith(',') ? line.slice(0, -1) : line);
        const checked = isChecked ? readEntry?.(list.name, entry) : undefined;
        isChecked &&= checked !== undefined;
        list.entries.push(checked ?? entry);
        continue;
      }
      rest += line;
      const [, opened] = /"(\w+)":\[$/.exec(line) ?? [];
      list = opened === undefined ? null : { name: opened, entries: [] };
      if (list !== null) lists.set(list.name, list.entries);
    }
    const json = { ...Object(JSON.parse(rest)), ...Object.fromEntries(lists) };
    // A list that was rewritten as one line came by no entry reader.
    isChecked &&= longLists?.names.every((name) => lists.has(name)) ?? false;
    return { json, sha256: hash.digest('hex'), isChecked };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // Another program may have rewritten it with other lines.
    return await readWhole(path);
  }
}

async function readWhole(path: string): Promise<Document> {
  await using file = await openRegular(path);
  const bytes = await file.readFile();
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { json: parseJson(bytes.toString('utf8'), path), sha256, isChecked: false };
}

/** @throws AppError `checkpoint-damaged` for a pipe or a device, which is never waited for. */
async function openRegular(path: string): Promise<FileHandle> {
  return await openRegularFile(path).catch((error: unknown) => {
    if (error instanceof NotAFileError && error.code !== 'EISDIR') throw damaged(path, error.message);
    throw error;
  });
}

async function* linesOf(file: FileHandle, hash: Hash): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let open = '';
  for await (const bytes of file.createReadStream({ autoClose: false, highWaterMark: 1 << 20 })) {
    hash.update(bytes);
    const lines = (open + decoder.write(bytes)).split('\n');
    open = lines.pop() ?? '';
    yield* lines;
  }
  yield open + decoder.end();
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw damaged(path, text === '' ? 'the file is empty' : 'not valid JSON');
  }
}

function damaged(path: string, reason: string): AppError {
  return new AppError({
    code: 'checkpoint-damaged',
    message: `${path} is not what cosmos wrote: ${reason}.`,
    nextStep: 'Start a new run: finished prompts are taken from the cache of results. Nothing was changed.',
  });
}
