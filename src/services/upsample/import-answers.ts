import { join } from 'node:path';
import { parseForeignJsonAs, parseJsonAs } from '../../core/json.ts';
import type { FailureCode } from '../../core/run/failure.ts';
import { outputFolder } from '../../core/run/written-folder.ts';
import { sourcePromptOf } from '../../core/spec/prompt-spec.ts';
import {
  type BatchIndexEntry,
  type BatchIndexHeader,
  batchAnswerSchema,
  batchFileNames,
  batchIndexEntrySchema,
  batchIndexHeaderSchema,
} from '../../core/upsample/batch-index.ts';
import type { ImportedAnswers } from '../../core/upsample/imported-answers.ts';
import { AppError } from '../../errors/app-error.ts';
import type { JudgeAnswer } from '../../ports/model-server.ts';
import type { Ports } from '../../ports/ports.ts';
import { assertWritable } from '../runs/assert-writable.ts';
import { assertSourcesAreSafe } from './batch-upsample.ts';
import { findSource } from './find-source.ts';
import { finishTask } from './finish-task.ts';
import { assertNoOtherResults, findOtherResults } from './other-results.ts';
import { knownOf } from './prepare-task.ts';
import type { UpsampleTask } from './upsample-types.ts';
import { manifestTaskOf } from './upsample-work.ts';

export interface ImportRequest {
  /** Absolute paths of what the batch gave back. */
  readonly files: readonly string[];
  /** Absolute: the folder of the export. */
  readonly exportDir: string;
  /** Absolute: where the specs are now; null for where they were. */
  readonly specsDir: string | null;
  /** Absolute. */
  readonly outputDir: string;
  /** Enriched specs of another engine or model are replaced. */
  readonly isForced: boolean;
}

/** Results that stand there are read so many at once. */
const readsAtOnce = 32;

type ImportPorts = Pick<Ports, 'specs' | 'sources' | 'requestFiles' | 'toolVersion'>;
type Failure = ImportedAnswers['failures'][number];

/**
 * Writes the answers of a batch into enriched specs, with the checks of a run. What is wrong with one of them leaves the
 * others alone.
 *
 * @throws AppError `input-missing` for a file or an export that is not there; `usage-invalid` where specs would be overwritten, and
 * `output-exists` where results of another engine or model, or files that no run made, would.
 */
export async function importAnswers(
  request: ImportRequest,
  ports: ImportPorts,
  signal: AbortSignal,
): Promise<ImportedAnswers> {
  const index = await readIndex(request, ports);
  const { settings, input_root: inputRoot } = index.header;
  const planned = [...index.entries.values()].flat().map((entry) => entry.planned);
  await assertSourcesAreSafe(settings, { inputRoot, specs: planned }, ports);
  await assertWritable([outputFolder(settings.output_dir, '--output-dir')], ports);
  const others = await findOtherResults(planned, settings, ports, {
    inputRoot,
    concurrency: readsAtOnce,
    signal,
  });
  assertNoOtherResults({ others, settings });
  const judge = await ports.requestFiles.judgeOf(settings.engine);
  const answers = new Answers(index, judge, ports);
  for (const file of request.files) {
    let line = 0;
    for await (const text of ports.sources.lines(file)) {
      signal.throwIfAborted();
      line += 1;
      if (text.trim() !== '') await answers.take(text, { file, line });
    }
  }
  return answers.summary();
}

interface BatchIndex {
  readonly header: BatchIndexHeader;
  readonly entries: ReadonlyMap<string, readonly BatchIndexEntry[]>;
}

async function readIndex(
  { exportDir, specsDir, outputDir, isForced }: ImportRequest,
  { sources }: Pick<Ports, 'sources'>,
): Promise<BatchIndex> {
  const entries = new Map<string, BatchIndexEntry[]>();
  let header: BatchIndexHeader | null = null;
  for (let number = 1; ; number += 1) {
    const path = join(exportDir, batchFileNames(number).index);
    if (!(await sources.exists(path))) break;
    let own: BatchIndexHeader | null = null;
    for await (const line of sources.lines(path)) {
      if (own === null) {
        own = parseJsonAs(batchIndexHeaderSchema, line);
        if (own === null) throw noIndex(exportDir, `${path} is not an index of this version`);
        header ??= own;
        // A longer export of before, of which a shorter one has replaced a part.
        if (own.run_id !== header.run_id) break;
      } else addEntry(entries, parseJsonAs(batchIndexEntrySchema, line), exportDir, path);
    }
  }
  if (header === null) throw noIndex(exportDir, `it has no ${batchFileNames(1).index}`);
  const settings = { ...header.settings, output_dir: outputDir, write_back: false, force: isForced };
  return { header: { ...header, settings, input_root: specsDir ?? header.input_root }, entries };
}

function addEntry(
  entries: Map<string, BatchIndexEntry[]>,
  entry: BatchIndexEntry | null,
  exportDir: string,
  path: string,
): void {
  if (entry === null) throw noIndex(exportDir, `${path} is damaged`);
  const others = entries.get(entry.custom_id);
  if (others) others.push(entry);
  else entries.set(entry.custom_id, [entry]);
}

class Answers {
  readonly #index: BatchIndex;
  readonly #judge: JudgeAnswer;
  readonly #ports: ImportPorts;
  readonly #enriched = new Map<string, string>();
  readonly #failures = new Map<string, Failure>();
  readonly #unknown: string[] = [];
  readonly #duplicates: string[] = [];
  readonly #broken: ImportedAnswers['broken'] = [];
  #lines = 0;

  constructor(index: BatchIndex, judge: JudgeAnswer, ports: ImportPorts) {
    this.#index = index;
    this.#judge = judge;
    this.#ports = ports;
  }

  async take(text: string, place: { readonly file: string; readonly line: number }): Promise<void> {
    this.#lines += 1;
    const answer = parseForeignJsonAs(batchAnswerSchema, text);
    if (answer === null) {
      this.#broken.push({
        ...place,
        reason: 'it is not an answer: JSON with a custom_id and a response is expected',
      });
      return;
    }
    const { custom_id: id, response, error } = answer;
    const entries = this.#index.entries.get(id);
    if (!entries) {
      this.#unknown.push(id);
      return;
    }
    const open = entries.filter(({ planned }) => !this.#enriched.has(planned.spec));
    if (open.length === 0) this.#duplicates.push(id);
    for (const entry of open) {
      if (response?.status_code === 200) await this.#finish(entry, JSON.stringify(response.body));
      else this.#fail(entry, ...whyNoAnswer(response ?? null, error));
    }
  }

  async #finish(entry: BatchIndexEntry, body: string): Promise<void> {
    const { planned } = entry;
    const { header } = this.#index;
    const run = { runId: header.run_id, checkpoint: header };
    const found = await findSource(planned, run, this.#ports.specs);
    if (!found.isFound) return this.#fail(entry, found.failure.code, found.failure.message);
    const { path, text, spec, isWrittenBack } = found.source;
    const task: UpsampleTask = {
      ...{ planned, prompt: sourcePromptOf(spec), taskKey: entry.custom_id, seed: entry.seed },
      // The frames went along with the request; their file is not needed any more.
      hint: entry.hint && { ...entry.hint, path: '', sizeBytes: 0 },
      maxOutputTokens: entry.max_output_tokens,
      known: knownOf(planned, spec, header.settings),
      source: { path, text, isWrittenBack },
      batchId: planned.batch_id ?? 0,
    };
    const result = await this.#judge(manifestTaskOf(task), body);
    const specsOf = (key: string) => this.#index.entries.get(key)?.map((other) => other.planned.spec) ?? [];
    const outcome = await finishTask(task, result, false, { session: run, ports: this.#ports, specsOf });
    if (outcome.type === 'task-failed') return this.#fail(entry, outcome.code, outcome.message);
    this.#enriched.set(planned.spec, outcome.output);
    this.#failures.delete(planned.spec);
  }

  #fail({ custom_id, planned: { spec } }: BatchIndexEntry, code: string, message: string): void {
    this.#failures.set(spec, { custom_id, spec, code, message });
  }

  summary(): ImportedAnswers {
    const { header, entries } = this.#index;
    const specs = [...entries.values()].reduce((sum, each) => sum + each.length, 0);
    const [enriched, failed] = [this.#enriched.size, this.#failures.size];
    return {
      version: 1,
      run_id: header.run_id,
      output_dir: header.settings.output_dir,
      counts: { lines: this.#lines, enriched, failed, missing: specs - enriched - failed },
      enriched: Array.from(this.#enriched, ([spec, output]) => ({ spec, output })),
      failures: [...this.#failures.values()],
      unknown: this.#unknown,
      duplicates: this.#duplicates,
      broken: this.#broken,
    };
  }
}

/** What a batch says where a request has no answer. */
function whyNoAnswer(
  response: { readonly status_code: number; readonly body?: unknown } | null,
  error: unknown,
): [code: FailureCode, message: string] {
  const said = JSON.stringify(error ?? response?.body ?? null);
  const status = response === null ? '' : ` HTTP ${response.status_code}`;
  const message = `The batch has no answer:${status}${said === 'null' ? '' : ` ${said.slice(0, longestQuote)}`}.`;
  const isRefused = response !== null && response.status_code >= 400 && response.status_code < 429;
  return [isRefused ? 'request-rejected' : 'engine-failed', message];
}

const longestQuote = 400;

function noIndex(folder: string, reason: string): AppError {
  return new AppError({
    code: 'input-missing',
    message: `${folder} is not an export of requests: ${reason}.`,
    nextStep: 'Give the folder that cosmos export --format openai-batch wrote: --export DIR.',
  });
}
