import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { publishFile } from '../../src/adapters/files/publish-file.ts';
import { runEndingOf } from '../../src/core/run/run-ending.ts';
import { checkpointVersion, type RunFormat } from '../../src/core/run/run-format.ts';
import { RunState, type TaskCounts } from '../../src/core/run/run-state.ts';
import { lifecycleEventSchemas, type RunStatus, runFinishedSchema } from '../../src/core/run/run-status.ts';
import { shellQuoted } from '../../src/core/run/shell-quoted.ts';
import { AppError } from '../../src/errors/app-error.ts';
import type { RunObserver } from '../../src/ports/run-observer.ts';
import type { WorkEngine, WorkTask } from '../../src/protocol/manifest.ts';
import type { TaskResult } from '../../src/protocol/task-result.ts';
import type { WorkerStatus } from '../../src/protocol/worker-status.ts';
import { beginRun, type RunContext, type RunOutcome } from '../../src/services/runs/carry-out.ts';
import type {
  ActiveRun,
  Prepared,
  RunKind,
  RunSummary,
  RunTask,
  RunTypes,
  RunWork,
  SessionEnd,
  StoredRunOf,
} from '../../src/services/runs/run-kind.ts';
import { type MemoryWork, okResult } from './memory-host.ts';

/*
 * A kind of run as small as one can be: a task is a text file, its worker counts the characters, and the number is
 * written to `<output folder>/<file>.count`. It shows all that a kind has to supply; see docs/architecture.md.
 */

const plannedFileSchema = z.object({ path: z.string(), task_key: z.string(), text: z.string() });

const countCheckpointSchema = z.object({
  version: z.literal(checkpointVersion),
  kind: z.literal('count'),
  run_id: z.string(),
  tool_version: z.string(),
  created_at: z.string(),
  host: z.string(),
  output_dir: z.string(),
  files: z.array(plannedFileSchema),
});

const countsSchema = z.object({ files: z.int(), counted: z.int(), failed: z.int() });

const countEventSchema = z.discriminatedUnion('type', [
  lifecycleEventSchemas.runStarted,
  lifecycleEventSchemas.batchSubmitted,
  lifecycleEventSchemas.hostUnreachable,
  lifecycleEventSchemas.hostReachable,
  z.object({ type: z.literal('file-counted'), path: z.string(), characters: z.int() }),
  z.object({ type: z.literal('file-failed'), path: z.string(), message: z.string() }),
  runFinishedSchema(countsSchema),
]);

type CountCheckpoint = z.infer<typeof countCheckpointSchema>;
type CountEvent = z.infer<typeof countEventSchema>;
type PlannedFile = z.infer<typeof plannedFileSchema>;

interface CountTask extends RunTask {
  readonly file: PlannedFile;
}

interface CountSummary extends RunSummary {
  readonly counts: z.infer<typeof countsSchema>;
}

interface CountTypes extends RunTypes {
  readonly checkpoint: CountCheckpoint;
  readonly event: CountEvent;
  readonly state: CountState;
  readonly task: CountTask;
  readonly summary: CountSummary;
  readonly observer: RunObserver;
}

const countFormat: RunFormat<CountCheckpoint, CountEvent> = {
  kind: 'count',
  checkpointSchema: countCheckpointSchema,
  eventSchema: countEventSchema,
  outputOf: ({ output_dir: path }) => ({ path, type: 'folder', flag: '--output-dir' }),
  writtenFiles: ({ output_dir: folder, files }) =>
    files.map(({ path }) => ({ folder, name: countName(path), isLinkFollowed: false })),
};

/** The state of a run that counts characters. */
class CountState extends RunState<CountEvent> {
  readonly counted = new Set<string>();
  readonly failed = new Set<string>();
  readonly retried = new Set<string>();
  readonly #files: number;

  constructor({ files }: CountCheckpoint) {
    super();
    this.#files = files.length;
  }

  get counts() {
    return { files: this.#files, counted: this.counted.size, failed: this.failed.size };
  }

  get taskCounts(): TaskCounts {
    return { done: this.counted.size, failed: this.failed.size, total: this.#files };
  }

  get isEnded(): boolean {
    return this.pendingCount === 0;
  }

  get endStatus(): RunStatus {
    if (this.counted.size === this.#files) return 'complete';
    return this.isEnded && this.counted.size > 0 ? 'partial' : 'failed';
  }

  get isResumable(): boolean {
    return this.counted.size < this.#files;
  }

  isPending(path: string): boolean {
    return !this.counted.has(path) && !this.failed.has(path);
  }

  reopenFailed(): void {
    for (const path of this.failed) this.retried.add(path);
    this.failed.clear();
  }

  protected applyTaskEvent(event: CountEvent): void {
    if (event.type === 'file-failed') this.failed.add(event.path);
    if (event.type !== 'file-counted') return;
    this.failed.delete(event.path);
    this.counted.add(event.path);
  }
}

/** What one session does for the files of its run. */
class CountWork implements RunWork<CountTypes> {
  // The protocol knows the kinds of work that the program has; the host of the tests takes any.
  readonly engine = { kind: 'count' } as unknown as WorkEngine;
  readonly tasksInFlight = 2;
  readonly batchesInFlight = 2;
  readonly settlesInFlight = 2;
  readonly #run: ActiveRun<CountTypes>;

  constructor(run: ActiveRun<CountTypes>) {
    this.#run = run;
  }

  usedKeys(): readonly string[] {
    return this.#keysWhere(({ path }) => this.#run.state.counted.has(path));
  }

  retriedKeys(): readonly string[] {
    return this.#keysWhere(({ path }) => this.#run.state.retried.has(path));
  }

  async *tasks(): AsyncIterable<Prepared<CountTypes>> {
    const { state, session } = this.#run;
    for (const [batchId, file] of session.checkpoint.files.entries())
      if (state.isPending(file.path))
        yield { isReady: true, task: { taskKey: file.task_key, batchId, file } };
  }

  manifestTask({ file }: CountTask): WorkTask {
    return { task_key: file.task_key, text: file.text } as unknown as WorkTask;
  }

  objectsOf(): readonly [] {
    return [];
  }

  async settle({ file: { path } }: CountTask, result: TaskResult): Promise<CountEvent> {
    if (result.status === 'failed')
      return { type: 'file-failed', path, message: result.error?.message ?? '' };
    await publishFile(join(this.#run.session.checkpoint.output_dir, countName(path)), `${result.text}\n`);
    return { type: 'file-counted', path, characters: Number(result.text) };
  }

  checkpointAfter(): readonly [] {
    return [];
  }

  async onSettled(): Promise<void> {}

  fatalError({ message }: WorkerStatus): AppError {
    return new AppError({ code: 'worker-failed', message: message ?? 'Nothing can be counted.' });
  }

  #keysWhere(isMeant: (file: PlannedFile) => boolean): string[] {
    return this.#run.session.checkpoint.files.filter(isMeant).map(({ task_key: key }) => key);
  }
}

/** Runs that count the characters of text files. */
export const countKind: RunKind<CountTypes> = {
  format: countFormat,
  command: 'cosmos count',
  taskNoun: 'files',

  newState: (checkpoint) => new CountState(checkpoint),
  facts: ({ files, host, output_dir: outputDir }) => {
    return { input: files[0]?.path ?? outputDir, host, workers: 1, needs: 'nothing', engine: 'count' };
  },
  workDone: ({ counted }) => counted.size,
  announce: ({ session, observer }) => observer.onBegin({ runId: session.runId }),
  startWork: (run) => new CountWork(run),
  finish: async () => true,
  follow: () => null,
  summarise,
  closingNotices: () => [],
  isAnswerFromHost: ({ type }) => type === 'file-counted' || type === 'file-failed',
  writeReport: async (run, state) =>
    await publishFile(run.paths.reportJson, JSON.stringify(summarise(run, state, null))),
  changedInputs,
  repeatCommand: ({ files }) => ['cosmos count', ...files.map(({ path }) => shellQuoted(path))].join(' '),
};

function summarise(
  { runId, paths }: Pick<StoredRunOf<CountTypes>, 'runId' | 'paths'>,
  state: CountState,
  end: SessionEnd | null,
): CountSummary {
  const error = end?.error ?? null;
  return {
    run_id: runId,
    status: end?.status ?? state.standing,
    counts: state.counts,
    report: { html: paths.reportHtml },
    is_resumable: state.isResumable,
    failures: [],
    error: error && { code: error.code, message: error.message, next_step: error.nextStep },
    ending: runEndingOf(state, { runId, host: 'memory', taskNoun: 'files' }),
  };
}

async function changedInputs(
  { checkpoint }: StoredRunOf<CountTypes>,
  state: CountState,
): Promise<readonly string[]> {
  const changes: string[] = [];
  for (const { path, text } of checkpoint.files) {
    if (!state.isEnded && !state.isPending(path)) continue;
    if ((await readFile(path, 'utf8')) !== text) changes.push(`${path} was edited`);
  }
  return changes;
}

/** Plans a run over these files and carries it out. */
export async function countCharacters(
  request: { readonly paths: readonly string[]; readonly outputDir: string; readonly host: string },
  context: RunContext<CountTypes>,
): Promise<RunOutcome<CountSummary>> {
  const { ports } = context;
  const files: PlannedFile[] = [];
  for (const path of request.paths) {
    const text = await readFile(path, 'utf8');
    files.push({ path, text, task_key: createHash('sha256').update(text).digest('hex') });
  }
  const checkpoint: CountCheckpoint = {
    version: checkpointVersion,
    kind: 'count',
    run_id: ports.newRunId(),
    tool_version: ports.toolVersion,
    created_at: new Date(ports.clock.now()).toISOString(),
    host: request.host,
    output_dir: request.outputDir,
    files,
  };
  return await beginRun(countKind, checkpoint, context);
}

/** What a worker of this kind does. */
export const countWork: MemoryWork = {
  perform: (task) => {
    const { text } = task as unknown as { readonly text: string };
    return okResult(task, String([...text].length));
  },
};

function countName(path: string): string {
  return `${basename(path)}.count`;
}
