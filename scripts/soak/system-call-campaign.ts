import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { hashFile } from '../../src/adapters/files/hash-file.ts';
import { makeFilm } from '../../test/support/film.ts';
import { Cli, type CliEnd, type CliProcess } from '../../test/support/run-cli.ts';
import { type StandIn, startStandInServer } from '../../test/support/stand-in-server.ts';
import { markedEnvironment, processesOf } from '../bench/support/run-processes.ts';
import { checkCampaign } from './check-campaign.ts';
import { writeInputs } from './kill-campaign.ts';
import { type KillRecord, publishedKeys, runsOnHost } from './kill-plan.ts';
import { type CallFault, faultText, hasHit, tracerOf } from './system-call-plan.ts';
import { killOf } from './video-kill-plan.ts';

/** What is run, and what must hold of its files. */
interface Scene {
  /** The command from the start, and that of its resume. */
  readonly command: readonly string[];
  readonly resume: readonly string[];
  /** What must hold whenever everything has ended; what does not is told. */
  checkFiles(): Promise<readonly string[]>;
  /** What must hold after a session that ended well. */
  checkEnd(): Promise<readonly string[]>;
  /** Called after a session that a fault was injected into. */
  note(fault: CallFault): Promise<void>;
  stop(): Promise<void>;
}

/** How a campaign went. Empty `faults`: as it must. */
export interface CallCampaignResult {
  /** What was injected, and how each of those sessions ended. */
  readonly sessions: readonly string[];
  /** In how many of them the fault happened: others make no such call, or fewer. */
  readonly hits: number;
  readonly faults: readonly string[];
}

/** How long a session may take before it is asked to end, and then until it has ended. */
const patienceMs = 30_000;
/** How long a worker may outlive its program here. */
const mostAloneMs = 1_500;
const pauseMs = 50;
const specCount = 4;

/** A video, and the hash of what `upscale` makes of it when nothing goes wrong. */
export interface UpscaledFilm {
  readonly source: string;
  readonly sha256: string;
}

/** Makes a film in the folder and upscales it. */
export async function upscaledFilm(folder: string): Promise<UpscaledFilm> {
  const source = await makeFilm(folder, 'film.mkv', { seconds: 2, isRich: true });
  const larger = join(folder, 'larger.mp4');
  await new Cli(folder).run(['upscale', source, '-o', larger, '--preset', 'ultrafast', '--no-progress']);
  return { source, sha256: await hashFile(larger) };
}

/**
 * Runs a command from nothing with a fault at one system call in each of its first sessions, resumes it until it ends well, and
 * leaves the last session alone. The folder is kept when something is wrong.
 *
 * @param film - What is upscaled; null for prompts.
 */
export async function runCallCampaign(
  injected: readonly CallFault[],
  film: UpscaledFilm | null,
): Promise<CallCampaignResult> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'cosmos-calls-')));
  const mark = randomUUID();
  const cli = new Cli(folder, markedEnvironment({ UV_THREADPOOL_SIZE: '1' }, mark));
  const scene = film === null ? await promptScene(cli) : await videoScene(cli, film);
  try {
    const result = await runSessions(cli, scene, injected, mark);
    if (result.faults.length > 0)
      return { ...result, faults: [...result.faults, `all of it lies in ${folder}`] };
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    return result;
  } finally {
    await killOf('everything', mark, Math.random);
    await scene.stop();
  }
}

async function runSessions(cli: Cli, scene: Scene, injected: readonly CallFault[], mark: string) {
  const sessions: string[] = [];
  let hits = 0;
  const faults: string[] = [];
  for (const fault of [...injected, null]) {
    const args = [...((await hasRun(cli)) ? scene.resume : scene.command), '--no-progress'];
    const log = join(cli.home, '..', 'calls.log');
    const started = await cli.start(args, fault === null ? [] : tracerOf(fault, log));
    const end = await endOf(started, mark, fault === null ? null : (started.child.pid ?? null));
    if (fault !== null && hasHit(fault, await readFile(log, 'utf8'))) hits += 1;
    const name = `${args[0]} ${fault === null ? 'left alone' : faultText(fault)}`;
    sessions.push(`${name}: ${end.code ?? end.signal ?? 'was ended'}`);
    faults.push(...judgeEnd(end, fault).map((text) => `${name}: ${text}`));
    faults.push(...(await scene.checkFiles()).map((text) => `${name}: ${text}`));
    if (end.code === 0) faults.push(...(await scene.checkEnd()).map((text) => `${name}: ${text}`));
    if (faults.length > 0 || end.code === 0) break;
    if (fault !== null) await scene.note(fault);
  }
  return { sessions, hits, faults };
}

/**
 * Waits until the program has ended. One that waits for a disk, as it should where a fault lasts, is asked to end. A worker that
 * outlives a program that was hit is killed: what has lost its tracer could make no further call.
 */
async function endOf({ child, ended }: CliProcess, mark: string, tracer: number | null): Promise<CliEnd> {
  let end: CliEnd | null = null;
  void ended.then((reached) => {
    end = reached;
  });
  let aloneMs = 0;
  let isAsked = false;
  const startMs = performance.now();
  const waitedMs = () => performance.now() - startMs;
  while (end === null && aloneMs < mostAloneMs && waitedMs() < 2 * patienceMs) {
    await delay(pauseMs);
    const processes = (await processesOf(mark)).filter(({ pid }) => pid !== tracer);
    const program = processes.find(({ kind }) => kind === 'program');
    aloneMs = program === undefined ? aloneMs + pauseMs : 0;
    if (program === undefined || isAsked || waitedMs() < patienceMs) continue;
    process.kill(program.pid, 'SIGTERM');
    isAsked = true;
  }
  const isHanging = end === null && aloneMs < mostAloneMs;
  await killOf('everything', mark, Math.random);
  // So asked, a tracer finishes its log.
  child.kill('SIGTERM');
  const reached = await ended;
  return isHanging ? { ...reached, code: null, stderr: `hangs: ${reached.stderr}` } : reached;
}

function judgeEnd({ code, stderr }: CliEnd, fault: CallFault | null): string[] {
  if (stderr.startsWith('hangs')) return [stderr.slice(-2000)];
  if (fault === null && code !== 0) return [`ended with ${code}: ${stderr.slice(-2000)}`];
  // The runtime itself ends when it cannot load a module or wake its own threads.
  const isRuntime = /node:internal\/modules/.test(stderr) || fault?.call === 'write';
  const isTrace = !isRuntime && /^\s+at .+:\d+/m.test(stderr);
  return isTrace ? [`shows a stack trace: ${stderr.slice(-2000)}`] : [];
}

async function hasRun(cli: Cli): Promise<boolean> {
  const kept = await readdir(cli.checkpointFolder, { recursive: true }).catch(() => []);
  return kept.some((name) => basename(name) === 'checkpoint.json');
}

async function promptScene(cli: Cli): Promise<Scene> {
  await writeInputs(join(cli.workingFolder, 'specs'), specCount);
  const server: StandIn = await startStandInServer({ slots: 4, latencyMs: 20 });
  const engine = ['--engine', 'openai', '--base-url', server.baseUrl, '--model', 'stand-in'];
  const sources = await readAll(join(cli.workingFolder, 'specs'));
  const hit: KillRecord[] = [];
  return {
    command: ['batch-upsample', 'specs', ...engine, '--write-back'],
    resume: ['batch-upsample', '--resume', 'latest'],
    checkFiles: async () => [
      ...(await checkSources(join(cli.workingFolder, 'specs'), sources)),
      ...(await checkWhole(cli.outputFolder)),
    ],
    checkEnd: async () => {
      const facts = { cli, stats: server.stats, kills: hit };
      return await checkCampaign(facts, { specs: specCount, writesBack: true });
    },
    note: async (fault) => {
      await delay(50);
      const asked = server.stats.asks.length;
      const [runId] = await runsOnHost(cli.hostRoot);
      const published = runId === undefined ? new Set<string>() : await publishedKeys(cli.hostRoot, runId);
      hit.push({ target: faultText(fault), published, asked });
    },
    stop: async () => await server.stop(),
  };
}

async function videoScene(cli: Cli, film: UpscaledFilm): Promise<Scene> {
  const output = join(cli.home, 'larger.mp4');
  const [sourceHash, { mtimeMs, mode }] = [await hashFile(film.source), await stat(film.source)];
  const hashOf = async () => await hashFile(output).catch(() => null);
  return {
    command: ['upscale', film.source, '-o', output, '--preset', 'ultrafast'],
    resume: ['upscale', '--resume', 'latest'],
    checkFiles: async () => {
      const now = await stat(film.source);
      const isSame =
        now.mtimeMs === mtimeMs && now.mode === mode && (await hashFile(film.source)) === sourceHash;
      const made = await hashOf();
      return [
        ...(isSame ? [] : ['the source was changed']),
        ...(made === null || made === film.sha256 ? [] : ['the output is not whole']),
      ];
    },
    checkEnd: async () => {
      // What could not be removed, or was not to be since its process was killed, is hidden.
      const expected = /^(larger\.mp4|\.cosmos|\.larger\.mp4\.cosmos\.lock\.[0-9a-f]+\.tmp)$/;
      const left = (await readdir(cli.home)).filter((name) => !expected.test(name));
      return [
        ...((await hashOf()) === null ? ['there is no output'] : []),
        ...left.map((name) => `${name} was left beside the output`),
      ];
    },
    note: async () => undefined,
    stop: async () => undefined,
  };
}

/** A spec is as it was, or whole and enriched; a clip is as it was. */
async function checkSources(folder: string, before: ReadonlyMap<string, Buffer>): Promise<string[]> {
  const now = await readAll(folder);
  return [...before].flatMap(([name, bytes]) => {
    const found = now.get(name);
    if (found === undefined) return [`${name} is gone`];
    if (found.equals(bytes)) return [];
    const isEnriched = name.endsWith('.json') && parentOf(found) === parsed(bytes)?.['prompt'];
    return isEnriched ? [] : [`${name} is neither as it was nor a whole enriched spec`];
  });
}

function parentOf(bytes: Buffer): unknown {
  return parsed(bytes)?.['parent_prompt_text'];
}

function parsed(bytes: Buffer): Record<string, unknown> | null {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return null;
  }
}

/** Files under a final name are whole. */
async function checkWhole(folder: string): Promise<string[]> {
  const files = await readAll(folder).catch(() => new Map<string, Buffer>());
  return [...files].flatMap(([name, bytes]) =>
    name.endsWith('.json') && parentOf(bytes) === undefined ? [`${name} is not whole`] : [],
  );
}

async function readAll(folder: string): Promise<Map<string, Buffer>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(
    await Promise.all(
      files.map(async (path) => [path.slice(folder.length + 1), await readFile(path)] as const),
    ),
  );
}
