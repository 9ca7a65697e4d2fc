import { pMapIterable } from 'p-map';
import { failureFacts } from '../../core/run/failure.ts';
import { parseSpec } from '../../core/spec/parse-spec.ts';
import { type PromptSpec, sourcePromptOf } from '../../core/spec/prompt-spec.ts';
import { fewestControlTokens } from '../../core/tokens/budget.ts';
import { type PredictedTokens, TokenDriftMeter } from '../../core/upsample/token-drift.ts';
import type { UpsampleCheckpoint } from '../../core/upsample/upsample-checkpoint.ts';
import { outputFileOf, sourceFileOf } from '../../core/upsample/upsample-plan.ts';
import type { ReportItem, TokenDrift } from '../../core/upsample/upsample-report.ts';
import { estimatorOf, type UpsampleSettings } from '../../core/upsample/upsample-settings.ts';
import type { SpecState, UpsampleState } from '../../core/upsample/upsample-state.ts';
import type { SpecStore } from '../../ports/spec-store.ts';
import { readPlanned } from './find-source.ts';
import { visionTokensOf } from './finish-task.ts';

/** Files that are read at once. */
const readsAtOnce = 16;

/** Order of a report: what needs a person first. */
const statusOrder: readonly ReportItem['status'][] = ['failed', 'pending', 'upsampled', 'reused', 'skipped'];

/** The items of a run's report, failures first, read from the files they describe, a few ahead. */
export function reportItems(
  checkpoint: UpsampleCheckpoint,
  state: UpsampleState,
  specs: SpecStore,
): AsyncIterable<ReportItem> {
  return readAhead(inOrder(state), async (spec) => (await readReportItem(spec, checkpoint, specs)).item);
}

/** So many items are kept for the second of two files that list them. */
const mostRemembered = 10_000;

/** Gives the same items each time it is called; where there are not too many, they are read once. */
export function readOnce<Item>(read: () => AsyncIterable<Item>): () => AsyncIterable<Item> {
  let known: Item[] | null = null;
  return async function* items() {
    if (known) return yield* known;
    const seen: Item[] = [];
    for await (const item of read()) {
      if (seen.length <= mostRemembered) seen.push(item);
      yield item;
    }
    if (seen.length <= mostRemembered) known = seen;
  };
}

/** Specs by their status. Of a million, no list is made for it. */
function* inOrder(state: UpsampleState): Generator<SpecState> {
  const places = new Uint8Array(state.specs.size);
  let row = 0;
  for (const spec of state.specs.values()) places[row++] = statusOrder.indexOf(statusOf(spec));
  for (const place of statusOrder.keys()) {
    row = 0;
    for (const spec of state.specs.values()) if (places[row++] === place) yield spec;
  }
}

/** What `read` gives for each, in order, a few files ahead. */
export function readAhead<Entry, Item>(
  entries: Iterable<Entry>,
  read: (entry: Entry) => Promise<Item>,
): AsyncIterable<Item> {
  return pMapIterable(entries, read, { concurrency: readsAtOnce, backpressure: 4 * readsAtOnce });
}

/** How far the estimate was from the server's counts, over the answers of this run. */
export function tokenDriftOf(state: UpsampleState, settings: UpsampleSettings): TokenDrift | null {
  const meter = new TokenDriftMeter(estimatorOf(settings));
  for (const spec of state.specs.values()) {
    if (spec.finished) meter.add(predictedTokensOf(spec, settings), spec.finished.actual_prompt);
  }
  return meter.drift;
}

function statusOf({ planned, finished, failed }: SpecState): ReportItem['status'] {
  if (planned.action === 'skip') return 'skipped';
  if (finished) return finished.is_reused ? 'reused' : 'upsampled';
  return failed ? 'failed' : 'pending';
}

/** The item of a spec, and what its file says now; null where it cannot be read. */
export async function readReportItem(
  state: SpecState,
  checkpoint: UpsampleCheckpoint,
  specs: SpecStore,
): Promise<{ readonly item: ReportItem; readonly spec: PromptSpec | null }> {
  // Each of these is looked up whenever it is asked for.
  const { planned, prepared, finished, failed, isReopened } = state;
  const facts = { planned, prepared, finished, failed, isReopened };
  const spec = await readSpec(facts, checkpoint, specs);
  return { spec, item: itemOf(facts, spec, checkpoint) };
}

function itemOf(state: SpecState, spec: PromptSpec | null, checkpoint: UpsampleCheckpoint): ReportItem {
  const { planned, prepared, finished, failed } = state;
  const { video } = planned;
  // One that was left alone because it was enriched before has both, too.
  const isEnriched = finished !== null || (planned.action === 'skip' && spec?.is_upsampled === true);
  return {
    spec: planned.spec,
    name: planned.name,
    status: statusOf(state),
    prompt_before: spec && sourcePromptOf(spec),
    prompt_after: spec && isEnriched ? spec.prompt : null,
    output: finished?.output ?? null,
    video: video && { path: video.path, width: video.width, height: video.height, frames: video.frames },
    hint: prepared?.hint ?? null,
    frames_used: finished?.frames_used ?? null,
    tokens: tokensOf(state, checkpoint.settings),
    attempts: finished?.attempts ?? failed?.attempts ?? 0,
    duration_ms: finished?.duration_ms ?? null,
    failure: failed && failureFacts(failed),
    ...(finished?.reused_from !== undefined && { reused_from: finished.reused_from }),
  };
}

/** From the enriched file where there is one: with `--write-back`, the source holds the new prompt by then. */
async function readSpec(
  { planned, finished }: SpecState,
  checkpoint: UpsampleCheckpoint,
  specs: SpecStore,
): Promise<PromptSpec | null> {
  const source = specs.outputPath(checkpoint.input_root, sourceFileOf(planned));
  // Where the run writes it, whatever its journal says.
  const output = specs.outputPath(checkpoint.settings.output_dir, outputFileOf(planned));
  const reading = finished ? specs.read(output) : readPlanned(planned, source, specs);
  const bytes = await reading.catch(() => null);
  const parsed = bytes && parseSpec(Buffer.from(bytes).toString('utf8'));
  return parsed?.isValid ? parsed.spec : null;
}

function tokensOf(spec: SpecState, settings: UpsampleSettings): ReportItem['tokens'] {
  const { planned, prepared, finished } = spec;
  if (!planned.tokens) return null;
  const predicted = predictedTokensOf(spec, settings);
  return {
    estimator: estimatorOf(settings),
    vision: predicted.vision,
    text: planned.tokens.text,
    output_reserved: prepared?.max_output_tokens ?? settings.engine.max_output_tokens,
    limit: settings.max_tokens,
    prompt_predicted: predicted.vision + predicted.text,
    actual_prompt: finished?.actual_prompt ?? null,
    actual_output: finished?.actual_output ?? null,
  };
}

export function predictedTokensOf(
  { planned, prepared }: SpecState,
  settings: UpsampleSettings,
): PredictedTokens {
  const { vision = 0, text = 0 } = planned.tokens ?? {};
  const hint = prepared?.hint;
  const { control_tokens: control = fewestControlTokens } = settings;
  return { vision: hint ? visionTokensOf(hint, settings) : vision, text: text + control };
}
