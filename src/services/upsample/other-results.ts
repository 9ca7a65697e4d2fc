import { basename, dirname, join } from 'node:path';
import pMap from 'p-map';
import { type EnrichingRun, enrichingRunOf } from '../../core/spec/enrich.ts';
import { parseSpecFile } from '../../core/spec/parse-spec.ts';
import {
  isToBeDone,
  type OtherResults,
  otherResultsText,
  outputFileOf,
  type PlannedSpec,
  sourceFileOf,
  type UpsamplePlan,
} from '../../core/upsample/upsample-plan.ts';
import type { UpsampleSettings } from '../../core/upsample/upsample-settings.ts';
import { AppError } from '../../errors/app-error.ts';
import { isSystemError } from '../../errors/system-error.ts';
import type { Ports } from '../../ports/ports.ts';

interface FindOptions {
  /** The folder of the specs' files. */
  readonly inputRoot: string;
  /** Files that are read at once. */
  readonly concurrency: number;
  readonly signal: AbortSignal;
}

/**
 * Files in the output folder which a run with these settings would replace although it should not: enriched specs that another
 * engine, another model or another form of prompt made, one entry for each run that made some, and one for all that no run made.
 * With `force` none is looked for; a source that is to be written back is none.
 */
export async function findOtherResults(
  specs: readonly PlannedSpec[],
  settings: UpsampleSettings,
  { specs: store, sources }: Pick<Ports, 'specs' | 'sources'>,
  { inputRoot, ...options }: FindOptions,
): Promise<readonly OtherResults[]> {
  if (settings.force) return [];
  const present = await filesIn(settings.output_dir, store);
  const found = specs.flatMap((planned) => {
    const file = outputFileOf(planned);
    return isToBeDone(planned) && present.has(file) ? [{ file, source: sourceFileOf(planned) }] : [];
  });
  // A link is replaced itself, and what it leads to stays.
  const isLink = async (path: string) =>
    (await sources.realPath(path)) !== join(await sources.realPath(dirname(path)), basename(path));
  const isWrittenBack = async (path: string, source: string) =>
    settings.write_back && (await sources.isSameFile(path, store.outputPath(inputRoot, source)));
  const byRun = new Map<string, OtherResults & { count: number }>();
  const inspect = async ({ file, source }: (typeof found)[number]) => {
    const path = store.outputPath(settings.output_dir, file);
    const origin = await originOf(path, store);
    if (origin === null || (origin !== noRun && !isOther(origin, settings))) return;
    if (origin === noRun && ((await isLink(path)) || (await isWrittenBack(path, source)))) return;
    const known = byRun.get(origin.runId);
    if (known) known.count += 1;
    else
      byRun.set(origin.runId, {
        run_id: origin.runId,
        engine: origin.engine,
        model: origin.model,
        count: 1,
        example: file,
      });
  };
  await pMap(found, inspect, options);
  return [...byRun.values()].sort((one, other) => other.count - one.count);
}

/** @throws AppError `output-exists` when a run by this plan would replace what another engine or model, or no run, wrote. */
export function assertNoOtherResults({ others, settings }: Pick<UpsamplePlan, 'others' | 'settings'>): void {
  if (others.length === 0) return;
  throw new AppError({
    code: 'output-exists',
    message: otherResultsText(others, settings.output_dir),
    nextStep: 'Keep them and choose another --output-dir, or replace them with --force.',
  });
}

/** Names of the specs in a folder; none where it is not there. */
export async function filesIn(
  folder: string,
  store: Pick<Ports['specs'], 'find'>,
): Promise<ReadonlySet<string>> {
  try {
    return new Set((await store.find([folder], [])).specs);
  } catch (error) {
    if (error instanceof AppError && error.code === 'input-missing') return new Set();
    throw error;
  }
}

/** Stands for all that made a file and is no run of cosmos. */
const noRun: EnrichingRun = { runId: '', engine: '', model: '', askedModel: '', promptFormat: null };

/** What made a file; null where nothing of it could be lost. */
async function originOf(path: string, store: Pick<Ports['specs'], 'read'>): Promise<EnrichingRun | null> {
  try {
    const bytes = await store.read(path);
    if (bytes === null || bytes.length === 0) return null;
    const parsed = parseSpecFile(bytes);
    return (parsed.isValid ? enrichingRunOf(parsed.spec) : null) ?? noRun;
  } catch (error) {
    if (error instanceof RangeError || isSystemError(error)) return noRun;
    throw error;
  }
}

/** Where no model is named, the server answers with its own one, which may be the same. */
function isOther(
  { engine, model, askedModel, promptFormat }: EnrichingRun,
  { engine: asked }: UpsampleSettings,
): boolean {
  const isNamed = asked.kind === 'openai' && asked.model !== '';
  const isOtherModel = isNamed && model !== asked.model && askedModel !== asked.model;
  return engine !== asked.kind || isOtherModel || promptFormat !== (asked.prompt_format ?? null);
}
