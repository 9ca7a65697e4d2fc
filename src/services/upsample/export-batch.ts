import { join } from 'node:path';
import { pMapIterable } from 'p-map';
import { RecentMap } from '../../async/recent-map.ts';
import { batchFormat, type ExportedSpec, type ExportedSpecs } from '../../core/inference/exported-specs.ts';
import { shellQuoted } from '../../core/run/shell-quoted.ts';
import {
  type BatchFileLimits,
  type BatchIndexEntry,
  type BatchIndexHeader,
  batchFileLimits,
  batchFileNames,
  batchRequestLine,
} from '../../core/upsample/batch-index.ts';
import { type PlannedSpec, sourceFileOf, type UpsamplePlan } from '../../core/upsample/upsample-plan.ts';
import type { UpsampleSettings } from '../../core/upsample/upsample-settings.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import type { UpsampleObserver } from '../../ports/run-observer.ts';
import { assertExportFolder, diskFull, exportExists, readmeName } from '../inference/export-specs.ts';
import { assertOutputsApart, lazily } from '../runs/assert-outputs-apart.ts';
import { hintRecord } from './finish-task.ts';
import { type PlanRequest, planSpecs } from './plan-specs.ts';
import { prepareTask } from './prepare-task.ts';
import type { TaskHint } from './upsample-types.ts';
import { hintsRemembered, manifestTaskOf } from './upsample-work.ts';

export interface BatchExportRequest extends PlanRequest {
  /** Absolute. */
  readonly outputDir: string;
  readonly isForced: boolean;
  /** Of one file; those of the Batch API unless given. */
  readonly limits?: BatchFileLimits;
}

/** Requests that are made while earlier ones are written. */
const preparedAhead = 16;

/**
 * Writes the requests that a run would send into files for a Batch API, with an index beside each that takes the answers
 * back. In memory are the plan, and a few requests at a time.
 *
 * @throws AppError `output-exists`; `config-invalid` without a model; `no-valid-spec` when nothing can be asked.
 */
export async function exportBatch(
  request: BatchExportRequest,
  ports: Ports,
  observer: Pick<UpsampleObserver, 'onPlanned' | 'onNotice'>,
  signal: AbortSignal,
): Promise<ExportedSpecs> {
  const { outputDir, isForced, limits = batchFileLimits } = request;
  assertModelIsNamed(request.settings);
  if (!isForced && (await ports.sources.exists(join(outputDir, readmeName)))) throw exportExists(outputDir);
  await assertExportFolder(outputDir, ports);
  const plan = await planSpecs(request, ports, observer, signal);
  await assertSourcesStay(outputDir, plan, ports);
  noticeSkipped(plan.specs, observer);
  const specs: ExportedSpec[] = [];
  const header = headerOf(plan, ports);
  const requests = new BatchRequests(
    makeRequests(plan.specs, { header, ports, limits, specs, signal, hints: new RecentMap(hintsRemembered) }),
    limits,
  );
  const groups: ExportedSpecs['groups'][number][] = [];
  const like = plan.specs.map((planned) => ports.specs.outputPath(plan.inputRoot, sourceFileOf(planned)));
  try {
    while (await requests.hasMore()) {
      const names = batchFileNames(groups.length + 1);
      const entries: BatchIndexEntry[] = [];
      await ports.specs.publish(join(outputDir, names.requests), requests.linesOfFile(entries), like);
      await ports.specs.publish(join(outputDir, names.index), indexLines(header, entries), like);
      groups.push({
        specs: entries.length,
        files: [names.requests, names.index],
        command: sendCommand(names),
      });
    }
    if (groups.length === 0) throw nothingAsked(specs);
    const { leftOut } = plan;
    const exported: ExportedSpecs = { format: batchFormat, folder: outputDir, specs, groups, leftOut };
    // Last, so that a folder with a README holds all of the export.
    await ports.specs.publish(join(outputDir, readmeName), readmeText(exported));
    return exported;
  } catch (error) {
    throw error instanceof AppError && error.code === 'disk-full' ? diskFull(error) : error;
  } finally {
    await requests.end();
  }
}

/** No spec is written over: a file of specs may have the name of a file of requests. */
async function assertSourcesStay(
  folder: string,
  { specs: planned, inputRoot }: UpsamplePlan,
  { specs, sources }: Pick<Ports, 'specs' | 'sources'>,
): Promise<void> {
  // There are at most as many files as specs.
  const namesAt = (index: number) => [
    ...Object.values(batchFileNames(index + 1)),
    ...(index === 0 ? [readmeName] : []),
  ];
  await assertOutputsApart(
    {
      ...{ folder, flag: '--output-dir', names: lazily(planned, (_, index) => namesAt(index)) },
      outputs: lazily(planned, (_, index) =>
        namesAt(index).map((name) => ({ path: join(folder, name), what: 'A file of the export' })),
      ),
      sources: lazily(planned, (each) => {
        const source = sourceFileOf(each);
        return [{ path: specs.outputPath(inputRoot, source), what: `the spec ${source}` }];
      }),
    },
    { sources },
  );
}

interface MadeRequest {
  readonly entry: BatchIndexEntry;
  readonly line: string;
}

/** Requests in order, as many to a file as it may have. */
class BatchRequests {
  readonly #made: AsyncGenerator<MadeRequest>;
  readonly #limits: BatchFileLimits;
  readonly #asked = new Set<string>();
  #next: IteratorResult<MadeRequest> | null = null;

  constructor(made: AsyncGenerator<MadeRequest>, limits: BatchFileLimits) {
    this.#made = made;
    this.#limits = limits;
  }

  async hasMore(): Promise<boolean> {
    this.#next ??= await this.#made.next();
    return !this.#next.done;
  }

  /** The lines of the next file. @param entries - Gets an entry for each spec. */
  async *linesOfFile(entries: BatchIndexEntry[]): AsyncGenerator<string> {
    const { maxRequests, maxBytes } = this.#limits;
    let [requests, bytes] = [0, 0];
    for (; await this.hasMore(); this.#next = null) {
      if (!this.#next || this.#next.done) return;
      const { entry, line } = this.#next.value;
      // A batch must not have an id twice, and the same request has the same answer.
      if (!this.#asked.has(entry.custom_id)) {
        const lineBytes = Buffer.byteLength(line);
        if (requests > 0 && (requests >= maxRequests || bytes + lineBytes > maxBytes)) return;
        this.#asked.add(entry.custom_id);
        requests += 1;
        bytes += lineBytes;
        yield line;
      }
      entries.push(entry);
    }
  }

  async end(): Promise<void> {
    await this.#made.return(undefined);
  }
}

interface MakeContext {
  readonly header: BatchIndexHeader;
  readonly ports: Pick<Ports, 'specs' | 'media' | 'requestFiles' | 'parallelism'>;
  readonly limits: BatchFileLimits;
  /** Gets what becomes of each spec, in order. */
  readonly specs: ExportedSpec[];
  readonly signal: AbortSignal;
  readonly hints: RecentMap<string, Promise<TaskHint>>;
}

async function* makeRequests(
  planned: readonly PlannedSpec[],
  context: MakeContext,
): AsyncGenerator<MadeRequest> {
  const made = pMapIterable(
    planned.filter(({ action }) => action !== 'skip'),
    (spec) => makeRequest(spec, context),
    { concurrency: context.ports.parallelism, backpressure: preparedAhead },
  );
  for await (const { spec, result } of made) {
    const refusal = typeof result === 'string' ? result.replace(/\.$/, '') : null;
    context.specs.push({ spec, name: refusal === null ? spec : null, refusal, warnings: [] });
    if (typeof result !== 'string') yield result;
  }
}

/** A request, or why there is none. */
async function makeRequest(
  planned: PlannedSpec,
  { header, ports, limits, signal, hints }: MakeContext,
): Promise<{ readonly spec: string; readonly result: MadeRequest | string }> {
  signal.throwIfAborted();
  const { spec } = planned;
  if (planned.action === 'fail') return { spec, result: planned.failure?.message ?? 'it cannot be sent' };
  const session = {
    runId: header.run_id,
    checkpoint: header,
    // Requests hold their frames: no hint has to be kept.
    kept: async () => null,
    keep: async (_name: string, path: string) => path,
  };
  const context = { session, ports, signal, hints, isAnswered: async () => false };
  const preparation = await prepareTask({ planned, prepared: null }, context);
  if (!preparation.isReady) return { spec, result: preparation.failure.message };
  const { task } = preparation;
  const { taskKey, hint, maxOutputTokens, seed } = task;
  const { engine } = header.settings;
  const body = await ports.requestFiles.bodyOf(engine, manifestTaskOf(task), hint?.path ?? null);
  const line = batchRequestLine(taskKey, body);
  if (Buffer.byteLength(line) > limits.maxBytes)
    return { spec, result: `its request has more than the ${limits.maxBytes} bytes that a file may have` };
  const asked = { custom_id: taskKey, planned, hint: hintRecord(hint), max_output_tokens: maxOutputTokens };
  return { spec, result: { entry: { ...asked, ...(seed === undefined ? {} : { seed }) }, line } };
}

function headerOf(
  { inputRoot, settings }: UpsamplePlan,
  ports: Pick<Ports, 'clock' | 'newRunId' | 'toolVersion'>,
): BatchIndexHeader {
  return {
    version: 1,
    kind: batchFormat,
    run_id: ports.newRunId(),
    tool_version: ports.toolVersion,
    created_at: new Date(ports.clock.now()).toISOString(),
    input_root: inputRoot,
    // No request is sent to the server, and its address may hold a password.
    settings: { ...settings, engine: { ...settings.engine, base_url: null } },
  };
}

async function* indexLines(
  header: BatchIndexHeader,
  entries: readonly BatchIndexEntry[],
): AsyncGenerator<string> {
  for (const line of [header, ...entries]) yield `${JSON.stringify(line)}\n`;
}

function assertModelIsNamed({ engine }: UpsampleSettings): void {
  if (engine.model !== '') return;
  throw new AppError({
    code: 'config-invalid',
    message: 'Requests for a batch name their model, but none is set.',
    nextStep: 'Set it with --model NAME, or upsampling.engine.model.',
  });
}

function noticeSkipped(specs: readonly PlannedSpec[], observer: Pick<UpsampleObserver, 'onNotice'>): void {
  const skipped = specs.filter(({ action }) => action === 'skip').length;
  if (skipped > 0)
    observer.onNotice(`Left out because they are already enriched: ${skipped} of ${specs.length} specs.`);
}

function nothingAsked(specs: readonly ExportedSpec[]): AppError {
  const [first] = specs;
  return new AppError({
    code: 'no-valid-spec',
    message: first
      ? `None of ${specs.length} specs gives a request; ${first.spec}: ${first.refusal}.`
      : 'Every spec is already enriched: there is nothing to request.',
    nextStep: first ? 'Fix the specs, then export again.' : 'Give a folder of specs that are not enriched.',
  });
}

function sendCommand({ requests }: { readonly requests: string }): string {
  return [
    'curl https://api.openai.com/v1/files -H "Authorization: Bearer $OPENAI_API_KEY"',
    `  -F purpose=batch -F file=@${requests}`,
  ].join(' \\\n');
}

function readmeText({ specs, groups, folder }: ExportedSpecs): string {
  const refused = specs.filter(({ refusal }) => refusal !== null);
  return [
    '# Requests for a batch\n',
    `Send each file of requests to the Batch API for the endpoint /v1/chat/completions, such as OpenAI's:\n\n\`\`\`bash\n${groups.map(({ command }) => command).join('\n')}\n\`\`\`\n`,
    `Then start a batch with the id of each file. Your own servers take the files as they are, such as \`vllm run-batch -i requests_01.jsonl -o answers_01.jsonl --model NAME\`.\n`,
    `Keep this folder: its index files say which answer is for which spec. Write the answers into enriched specs with:\n\n\`\`\`bash\ncosmos import-answers answers_01.jsonl --export ${shellQuoted(folder)}\n\`\`\`\n`,
    ...(refused.length === 0
      ? []
      : [`## Left out\n\n${refused.map(({ spec, refusal }) => `- ${spec}: ${refusal}.`).join('\n')}\n`]),
  ].join('\n');
}
