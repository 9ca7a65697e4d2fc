import pMap from 'p-map';
import { fillBatches, type TaskSize } from '../../core/batches/fill-batches.ts';
import { failureNextSteps } from '../../core/run/failure.ts';
import type { MappedFolder } from '../../core/spec/path-map.ts';
import {
  isFileSelected,
  isSelected,
  type SpecSelection,
  selectionText,
} from '../../core/spec/select-specs.ts';
import {
  isToBeDone,
  newEqualValues,
  type PlannedBatch,
  type PlannedSpec,
  sourceFileOf,
  type UpsamplePlan,
  variantsOf,
} from '../../core/upsample/upsample-plan.ts';
import type { UpsampleSettings } from '../../core/upsample/upsample-settings.ts';
import { AppError, usageError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import type { UpsampleObserver } from '../../ports/run-observer.ts';
import { nothingSelected, skippedNotices } from '../specs/read-specs.ts';
import type { EarlyHints } from './early-hints.ts';
import { findOtherResults } from './other-results.ts';
import { type PlanContext, planFile } from './plan-spec.ts';
import { settingsForServer } from './server-settings.ts';

/** Specs read at once; probing is bounded by the media tool's own needs, reading by the disk. */
const readsPerCore = 8;

/** Files that are planned before what they gave is kept: not a million at once. */
const filesInPart = 20_000;

/** Specs that are named in a notice. */
const maxNamed = 5;

/** Broken files that are named when there is no other. */
const maxReasons = 20;

export interface PlanRequest {
  /** A run begins with this plan, and itself ends with what the server refuses; missing: the plan alone is wanted. */
  readonly isToBeRun?: boolean;
  readonly inputs: readonly string[];
  readonly settings: UpsampleSettings;
  /** Folders that are no input even when they lie inside one: results and checkpoints. */
  readonly excluded: readonly string[];
  /** Folders of other machines that paths in specs begin with. */
  readonly mappedFolders?: readonly MappedFolder[];
  /** Folder that specs are named against, where it is not simply what all inputs share. */
  readonly inputRoot?: string;
  /** Names of candidates that are no specs of this run. */
  readonly leftOut?: ReadonlySet<string>;
  /** Which specs are worked on; missing: those that the settings select. */
  readonly selection?: SpecSelection;
  /** Given what is planned for each spec that is surely one of the run's. */
  readonly hints?: Pick<EarlyHints, 'begin'>;
  /** Whether a spec is one of those that the selection limits; missing: one that is to be enriched. */
  readonly isLimited?: (planned: PlannedSpec) => boolean;
}

type PlanPorts = Pick<
  Ports,
  | 'specs'
  | 'sources'
  | 'media'
  | 'textTokens'
  | 'parallelism'
  | 'checkServer'
  | 'templateTokens'
  | 'serverLimits'
>;

/** Reads, probes, counts and groups: everything a run will do, without doing any of it. */
export async function planSpecs(
  request: PlanRequest,
  ports: PlanPorts,
  observer: Pick<UpsampleObserver, 'onPlanned' | 'onNotice'>,
  signal: AbortSignal,
): Promise<UpsamplePlan> {
  assertPossible(request.settings);
  for (const notice of shapeNotices(request.settings)) observer.onNotice(notice);
  const all = await ports.specs.find(request.inputs, request.excluded, request.inputRoot);
  const { inputRoot, specs: found, pathOf, misnamed } = all;
  const selection = request.selection ?? selectionOf(request.settings);
  const candidates = found.filter((spec) => !request.leftOut?.has(spec));
  const names = candidates.filter((spec) => isFileSelected(spec, selection));
  for (const notice of skippedNotices(all)) observer.onNotice(notice);
  observer.onPlanned(0, names.length);
  const [countTextTokens, settings] = await Promise.all([
    ports.textTokens(),
    settingsForServer(
      request.settings,
      ports,
      (notice) => observer.onNotice(notice),
      request.isToBeRun ?? false,
    ),
  ]);
  const equal = newEqualValues();
  const context: PlanContext = {
    inputRoot,
    settings,
    mappedFolders: request.mappedFolders ?? [],
    misnamed,
    runSpecs: [],
    ports,
    countTextTokens,
    equal,
    signal,
  };
  const concurrency = ports.parallelism * readsPerCore;
  const named = { request, selection, pathOf, concurrency };
  const planned = await planNamed(names, named, context, observer);
  const { specs } = planned;
  if (settings.write_back) assertSingle(specs);
  const leftOut = candidates.length - names.length + planned.leftOut;
  if (specs.length === 0 && leftOut > 0) throw nothingSelected(selection);
  noticeRunSpecs(context.runSpecs, observer);
  assertAnyValid(specs, inputRoot, found.length);
  noticeOtherVideos(specs, observer);
  const batches = putIntoBatches(specs, settings);
  return {
    ...{ inputRoot, settings, specs, batches },
    others: await findOtherResults(specs, settings, ports, { inputRoot, concurrency, signal }),
    leftOut: leftOut === 0 ? null : { count: leftOut, by: selectionText(selection) },
  };
}

interface Named {
  readonly request: PlanRequest;
  readonly selection: SpecSelection;
  readonly pathOf: (spec: string) => string;
  /** Files that are read at once. */
  readonly concurrency: number;
}

/** Plans specs in order, as many as are selected; of the files after them not one is read. */
async function planNamed(
  names: readonly string[],
  { request, selection, pathOf, concurrency }: Named,
  context: PlanContext,
  observer: Pick<UpsampleObserver, 'onPlanned'>,
): Promise<{ readonly specs: readonly PlannedSpec[]; readonly leftOut: number }> {
  const { isLimited = isToBeDone } = request;
  const { signal, settings } = context;
  const limit = selection.limit ?? Number.POSITIVE_INFINITY;
  let done = 0;
  let total = names.length;
  const planOne = async (spec: string) => {
    const planned = await planFile({ spec, path: pathOf(spec) }, context, (found) => {
      total += Math.max(found, 1) - 1;
    });
    // Which ones a limit takes is known at the end.
    if (selection.limit === null)
      for (const each of planned) if (isSelected(each.spec, selection)) request.hints?.begin(each, settings);
    done += Math.max(planned.length, 1);
    observer.onPlanned(done, Math.max(done, Math.min(total, limit)));
    return planned;
  };
  const specs: PlannedSpec[] = [];
  let [open, read, leftOut] = [limit, 0, 0];
  while (open > 0 && read < names.length) {
    const part = names.slice(read, read + Math.min(filesInPart, Math.max(open, concurrency)));
    read += part.length;
    for (const planned of (await pMap(part, planOne, { concurrency, signal })).flat()) {
      const prompts = variantsOf(planned, settings.variants ?? 1).filter(({ spec }) =>
        isSelected(spec, selection),
      );
      if (prompts.length === 0 || open === 0) leftOut += 1;
      else {
        specs.push(...prompts);
        if (isLimited(planned)) open -= 1;
      }
    }
  }
  return { specs, leftOut: leftOut + names.length - read };
}

function selectionOf({ only = [], skip = [], limit }: UpsampleSettings): SpecSelection {
  return { only, skip, limit: limit ?? null };
}

/** What cannot be is said before anything is read. */
function assertPossible({ engine, variants = 1, write_back: isWrittenBack }: UpsampleSettings): void {
  if (isWrittenBack && variants > 1)
    throw usageError(
      `--write-back writes one prompt over each spec, but ${variants} are to be made from each.`,
      'Leave out --write-back and choose among the files in --output-dir, or make one: --variants 1.',
    );
  if (engine.kind !== 'describe') return;
  const isOther = engine.prompt_format !== undefined;
  if (!isOther && variants === 1) return;
  throw new AppError({
    code: 'config-invalid',
    message: isOther
      ? `The embedded engine writes plain text, but upsampling.prompt_format is "${engine.prompt_format}".`
      : `The embedded engine writes the same text each time, but upsampling.variants is ${variants}.`,
    nextStep: `Give a server with --base-url http://127.0.0.1:8000/v1, or set ${isOther ? 'prompt_format = "text"' : 'variants = 1'}.`,
  });
}

/** An enriched spec is a file, and one of several in a file cannot be written over its source. */
function assertSingle(specs: readonly PlannedSpec[]): void {
  const one = specs.find(({ element }) => element !== undefined);
  if (one === undefined) return;
  throw usageError(
    `--write-back writes over whole files, but ${sourceFileOf(one)} holds several specs.`,
    'Leave out --write-back: the enriched specs are in --output-dir, each in its own file.',
  );
}

/** A prompt in JSON has more tokens than one of words; with less for the answer, most are cut off. */
const usualJsonTokens = 1000;

function shapeNotices({ engine, variants = 1 }: UpsampleSettings): string[] {
  const same =
    variants > 1 && engine.temperature === 0
      ? ['With upsampling.engine.temperature 0, all variants of a spec will be the same.']
      : [];
  if (engine.prompt_format === undefined || engine.max_output_tokens >= usualJsonTokens) return same;
  return [
    ...same,
    `Prompts as ${engine.prompt_format} have ${usualJsonTokens} tokens or more, but upsampling.engine.max_output_tokens is ${engine.max_output_tokens}: answers will be cut off. Set it to 2048, and upsampling.max_tokens to the context that the server has.`,
  ];
}

/** Which of several videos in a file is looked at should not surprise. */
function noticeOtherVideos(
  specs: readonly PlannedSpec[],
  observer: Pick<UpsampleObserver, 'onNotice'>,
): void {
  const found = specs.filter(({ video }) => video?.place !== undefined).map(({ spec }) => spec);
  if (found.length === 0) return;
  const named = found.slice(0, maxNamed).join(', ');
  const more = found.length > maxNamed ? ` and ${found.length - maxNamed} more` : '';
  observer.onNotice(
    `The first picture stream is a cover or a far shorter video, so frames are taken from another one: ${named}${more}.`,
  );
}

/** They are no specs, and nothing is wrong with them. */
function noticeRunSpecs(found: readonly string[], observer: Pick<UpsampleObserver, 'onNotice'>): void {
  if (found.length === 0) return;
  const named = found.slice(0, maxNamed).join(', ');
  const more = found.length > maxNamed ? ` and ${found.length - maxNamed} more` : '';
  observer.onNotice(
    `RunSpecs are left out, because they hold no prompt: ${named}${more}. cosmos run makes a video from each.`,
  );
}

/** With nothing but broken files there is nothing to run. @param candidates - How many files there are. */
function assertAnyValid(specs: readonly PlannedSpec[], inputRoot: string, candidates: number): void {
  if (specs.some((spec) => spec.failure?.code !== 'spec-invalid')) return;
  if (specs.length === 0 && candidates > 0) {
    throw new AppError({
      code: 'no-valid-spec',
      message: `There are only RunSpecs in ${inputRoot}, which hold no prompt.`,
      nextStep: 'Give the folder of their PromptSpecs, too.',
    });
  }
  if (specs.length === 0) {
    throw new AppError({
      code: 'no-valid-spec',
      message: `There is no *.json or *.jsonl file in ${inputRoot}.`,
      nextStep: 'Make one with: cosmos create-spec NAME --prompt TEXT --video PATH',
    });
  }
  const steps = new Set(specs.flatMap(({ failure }) => failure?.next_step ?? []));
  const reasons = specs.slice(0, maxReasons).map((spec) => `\n  ${spec.failure?.message ?? spec.spec}`);
  const what =
    specs.length === 1 ? 'The file is not a PromptSpec' : `None of ${specs.length} files is a PromptSpec`;
  throw new AppError({
    code: 'no-valid-spec',
    message: `${what}:${reasons.join('')}`,
    nextStep: steps.size === 1 ? [...steps].join() : failureNextSteps['spec-invalid'],
  });
}

/** Writes into each spec which batch it is in. A copy of each would take as much memory again. */
function putIntoBatches(specs: readonly PlannedSpec[], settings: UpsampleSettings): readonly PlannedBatch[] {
  const grouped = fillBatches(tasksOf(specs), {
    maxTasks: settings.batch_size,
    maxTokens: settings.batch_tokens,
  });
  return grouped.map(({ batchId, totalTokens, taskIds }) => {
    const planned = taskIds.flatMap((id) => specs[id] ?? []);
    for (const spec of planned) spec.batch_id = batchId;
    return { batch_id: batchId, total_tokens: totalTokens, specs: planned.map(({ spec }) => spec) };
  });
}

function* tasksOf(specs: readonly PlannedSpec[]): Generator<TaskSize> {
  for (const [id, { action, tokens }] of specs.entries())
    if (action === 'hint' || action === 'as-is') yield { id, tokens: tokens?.total ?? 0 };
}
