import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path, { join, resolve } from 'node:path';
import { loadSettings } from '../../../src/adapters/config-files.ts';
import { FileResultCache } from '../../../src/adapters/file-result-cache.ts';
import { LocalFileStore } from '../../../src/adapters/files/local-file-store.ts';
import { acquireProcessLock } from '../../../src/adapters/files/process-lock.ts';
import { enrichSpec } from '../../../src/core/spec/enrich.ts';
import { formatSpec, parseSpec } from '../../../src/core/spec/parse-spec.ts';
import { videosOf } from '../../../src/core/spec/prompt-spec.ts';
import { videoCandidates } from '../../../src/core/spec/video-candidates.ts';
import { AppError } from '../../../src/errors/app-error.ts';
import { ApiError } from '../../../src/worker/http/json-server.ts';
import { readManifestAt } from '../../../src/worker/tasks/manifest-intake.ts';
import { sampleEngine, sampleTasks } from '../sample-work.ts';
import { sampleSpec } from '../spec-builder.ts';

/** Something that reads a kind of file, and must stand anything that may be in it. */
export interface MutationTarget extends AsyncDisposable {
  readonly name: string;
  /** Files as they should be. */
  readonly originals: readonly Uint8Array[];
  /** Reads a file; what is thrown, or not told clearly, is a fault. Gives what became of it. */
  read(content: Uint8Array): Promise<'valid' | 'refused'>;
}

const fixtures = resolve(import.meta.dirname, '../../fixtures/prompt-specs');
const place = { specFolder: '/in/a', inputRoot: '/in', workingFolder: '/work' };
const record = {
  ...{
    run_id: 'r',
    task_key: 'k',
    engine: 'e',
    model: 'm',
    frames_used: 0,
    hint: null,
    attempts: 1,
    duration_ms: 1,
  },
  ...{ finished_at: '2026-01-01T00:00:00.000Z', tool_version: '0' },
  tokens: {
    estimator: 'linear',
    vision: 0,
    text: 0,
    output_reserved: 0,
    limit: 0,
    actual_prompt: null,
    actual_output: null,
  },
};

/** PromptSpecs: read, looked for videos, enriched, written and read again. */
export async function specTarget(): Promise<MutationTarget> {
  const files = [
    'unicode.json',
    'quotes.json',
    'with_unknown_keys.json',
    'windows_path.json',
    'already_done.json',
  ];
  const rich = sampleSpec({
    seed: 1,
    control_inputs: { depth: 'd', vis: null },
    metadata: { a: { b: [1, 2] } },
  });
  const texts = await Promise.all(files.map((file) => readFile(join(fixtures, file))));
  return {
    name: 'spec',
    originals: [...texts, Buffer.from(JSON.stringify(rich))],
    read: async (content) => {
      const parsed = parseSpec(Buffer.from(content).toString('utf8'));
      if (!parsed.isValid) {
        if (!/^[^\n]{5,250}$/.test(parsed.reason)) throw new Error(`unclear: ${parsed.reason}`);
        if (parsed.line !== null && parsed.line < 1) throw new Error(`line ${parsed.line}`);
        return 'refused';
      }
      for (const named of videosOf(parsed.spec)) videoCandidates(named.path, place, path.posix);
      const again = parseSpec(formatSpec(enrichSpec(parsed.document, parsed.spec, 'long text', record)));
      if (!again.isValid || again.spec.prompt !== 'long text') throw new Error('does not survive enrichment');
      return 'valid';
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** Settings files. */
export async function configTarget(): Promise<MutationTarget> {
  const folder = await mkdtemp(join(tmpdir(), 'cosmos-config-'));
  const shipped = await readFile(resolve(import.meta.dirname, '../../../config.toml'), 'utf8');
  const example = shipped.replaceAll(/^# (?=\[hosts|\[pools|\w+ = )/gm, '');
  const commandLine = { source: 'the command line', values: {} };
  return {
    name: 'config',
    originals: [shipped, example].map((text) => Buffer.from(text)),
    read: async (content) => {
      await writeFile(join(folder, 'config.toml'), content);
      const sources = {
        userFolder: join(folder, 'none'),
        workingFolder: folder,
        configPath: null,
        commandLine,
      };
      return await validOrRefused(async () => loadSettings(sources), ['config-invalid']);
    },
    [Symbol.asyncDispose]: async () => rm(folder, { recursive: true }),
  };
}

/** Manifests, as the worker takes them. */
export async function manifestTarget(): Promise<MutationTarget> {
  const runFolder = await mkdtemp(join(tmpdir(), 'cosmos-manifest-'));
  const hint = { sha256: 'a'.repeat(64), width: 320, height: 180, frames: 2 };
  const batches = [{ batch_id: 0, tasks: [...sampleTasks(2, hint), ...sampleTasks(1)] }];
  const engine = sampleEngine('http://127.0.0.1:9/v1');
  const manifest = { version: 1, kind: 'upsample', run_id: 'run-1', worker_id: 0, engine, batches };
  await mkdir(join(runFolder, 'manifests'));
  const source = { runFolder, runId: 'run-1', workerId: 0, store: new LocalFileStore(runFolder) };
  return {
    name: 'manifest',
    originals: [Buffer.from(JSON.stringify(manifest)), Buffer.from(JSON.stringify(manifest, null, 1))],
    read: async (content) => {
      await writeFile(join(runFolder, 'manifests/worker_0_manifest_0.json'), content);
      try {
        await readManifestAt('manifests/worker_0_manifest_0.json', source);
        return 'valid';
      } catch (error) {
        if (error instanceof ApiError && error.status === 400 && error.message.length < 20_000)
          return 'refused';
        throw error;
      }
    },
    [Symbol.asyncDispose]: async () => rm(runFolder, { recursive: true }),
  };
}

/** Results in the cache: read, or no result. */
export async function resultTarget(): Promise<MutationTarget> {
  const folder = await mkdtemp(join(tmpdir(), 'cosmos-result-'));
  const key = 'a'.repeat(64);
  const cache = new FileResultCache(new LocalFileStore(folder));
  const result = {
    ...{
      version: 1,
      task_key: key,
      status: 'ok',
      text: 'long',
      frames_used: 2,
      model: 'm',
      finish_reason: 'stop',
    },
    ...{ usage: { prompt_tokens: 1, completion_tokens: null }, attempts: 1, duration_ms: 3, error: null },
    finished_at: '2026-01-01T00:00:00.000Z',
  };
  const origin = {
    ...{ engine: 'openai', model: 'm', base_url: null, host: 'local', tool_version: '0.1.0' },
    stored_at: '2026-01-01T00:00:00.000Z',
  };
  await mkdir(join(folder, 'aa'));
  return {
    name: 'result',
    originals: [
      Buffer.from(JSON.stringify({ version: 1, origin, result })),
      Buffer.from(JSON.stringify({ version: 1, origin, result: { ...result, text: '提灯\n"' } })),
    ],
    read: async (content) => {
      await writeFile(join(folder, 'aa', `${key}.json`), content);
      return (await cache.get(key, null)) === null ? 'refused' : 'valid';
    },
    [Symbol.asyncDispose]: async () => rm(folder, { recursive: true }),
  };
}

/** Lock files: held by somebody, or taken over. */
export async function lockTarget(): Promise<MutationTarget> {
  const folder = await mkdtemp(join(tmpdir(), 'cosmos-lock-'));
  const file = join(folder, 'lock');
  const attempt = await acquireProcessLock(file);
  const original = await readFile(file);
  if (attempt.isHeld) await attempt.release();
  return {
    name: 'lock',
    originals: [original],
    read: async (content) => {
      await writeFile(file, content);
      const again = await acquireProcessLock(file);
      if (again.isHeld) await again.release();
      return again.isHeld ? 'refused' : 'valid';
    },
    [Symbol.asyncDispose]: async () => rm(folder, { recursive: true }),
  };
}

/** Runs a reader that may refuse with one of these codes and a next step, and with nothing else. */
export async function validOrRefused(
  read: () => Promise<unknown>,
  codes: readonly AppError['code'][],
): Promise<'valid' | 'refused'> {
  try {
    await read();
    return 'valid';
  } catch (error) {
    if (!(error instanceof AppError) || !codes.includes(error.code)) throw error;
    if (error.message.length > 2_000 || error.message === '' || error.nextStep === null) throw error;
    return 'refused';
  }
}
