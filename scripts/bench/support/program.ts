import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Sandbox } from './sandbox.ts';

/** `bin/run.js`, or the one of another build. */
const programPath =
  process.env['COSMOS_PROGRAM'] ?? fileURLToPath(new URL('../../../bin/run.js', import.meta.url));
const usageModule = new URL('./note-usage.js', import.meta.url).href;

const usageSchema = z.object({ program: z.string(), cpu_ms: z.number(), peak_rss_bytes: z.number() });

/** What one Node process used: CPU time of all its threads, and its largest resident size. */
export type Usage = z.infer<typeof usageSchema>;

/** One run of the program, from its start to its end. */
export interface ProgramRun {
  readonly exitCode: number | null;
  /** Milliseconds since the Unix epoch. */
  readonly startedMs: number;
  readonly wallMs: number;
  readonly stderr: readonly string[];
  /** Of the program itself, and of workers that ended before it. */
  readonly usages: readonly Usage[];
}

/** How the program is run. */
export interface ProgramOptions {
  /** Where stdout goes; dropped when missing. */
  readonly stdoutPath?: string;
  /** Called for every line on stderr, as it comes. */
  onLine?(line: string): void;
  /** Ends the program by SIGTERM when it resolves. */
  readonly until?: Promise<void>;
}

/** Runs `cosmos` of this checkout as a process of its own, in the sandbox. */
export async function runProgram(
  sandbox: Sandbox,
  programArguments: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramRun> {
  const usagePath = sandbox.path(`usage-${randomBytes(4).toString('hex')}.jsonl`);
  const env = measuredEnvironment(sandbox, usagePath);
  const startedMs = Date.now();
  const start = performance.now();
  const child = spawn(process.execPath, [programPath, ...programArguments], {
    cwd: sandbox.folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  void options.until?.then(() => child.kill('SIGTERM'));
  const stderr: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    stderr.push(line);
    options.onLine?.(line);
  });
  const sink = child.stdout.pipe(createWriteStream(options.stdoutPath ?? '/dev/null'));
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const wallMs = performance.now() - start;
  await finished(sink);
  return { exitCode, startedMs, wallMs, stderr, usages: await readUsages(usagePath) };
}

/** Environment of a Node process that notes what it used in the file at `usagePath`, as do those that it starts. */
export function measuredEnvironment(sandbox: Sandbox, usagePath: string): NodeJS.ProcessEnv {
  return { ...sandbox.env, COSMOS_BENCH_USAGE: usagePath, NODE_OPTIONS: `--import ${usageModule}` };
}

/** The usage of the program itself, the one whose script is `bin/run.js`. */
export function ownUsage(run: ProgramRun): Usage {
  const own = run.usages.find((usage) => usage.program === programPath);
  if (!own) throw new Error(`the program told nothing of what it used:\n${run.stderr.join('\n')}`);
  return own;
}

/** @throws when the program ended otherwise than by success. */
export function assertSucceeded(run: ProgramRun): void {
  if (run.exitCode !== 0)
    throw new Error(`cosmos ended with ${run.exitCode}:\n${run.stderr.slice(-20).join('\n')}`);
}

/** What processes with a {@link measuredEnvironment} noted. */
export async function readUsages(path: string): Promise<Usage[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => (line === '' ? [] : usageSchema.parse(JSON.parse(line))));
}
