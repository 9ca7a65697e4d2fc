import { dirname } from 'node:path';
import pMap from 'p-map';
import { checkpointVersion } from '../../core/run/run-format.ts';
import { outputFolder } from '../../core/run/written-folder.ts';
import type { UpsampleCheckpoint } from '../../core/upsample/upsample-checkpoint.ts';
import { outputFileOf, sourceFileOf, type UpsamplePlan } from '../../core/upsample/upsample-plan.ts';
import { assertServerIsNamed, type UpsampleSettings } from '../../core/upsample/upsample-settings.ts';
import type { UpsampleSummary } from '../../core/upsample/upsample-summary.ts';
import { usageError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import type { UpsampleObserver } from '../../ports/run-observer.ts';
import { assertOutputsApart, lazily } from '../runs/assert-outputs-apart.ts';
import { assertWritable } from '../runs/assert-writable.ts';
import { beginRun, type RunOutcome } from '../runs/carry-out.ts';
import { EarlyHints } from './early-hints.ts';
import { assertNoOtherResults } from './other-results.ts';
import { type PlanRequest, planSpecs } from './plan-specs.ts';
import { upsampleKind } from './upsample-kind.ts';

export interface UpsampleRequest extends PlanRequest {
  /** Submit everything and leave; resuming collects the results. */
  readonly isDetached?: boolean;
  /** As {@link ActiveRun.leave}. */
  readonly leave?: AbortSignal | undefined;
}

/**
 * Plans a run and carries it out.
 *
 * @throws AppError for anything that was wrong before the run began; the signal's reason when it aborts.
 */
export async function batchUpsample(
  request: UpsampleRequest,
  ports: Ports,
  observer: UpsampleObserver,
  signal: AbortSignal,
): Promise<RunOutcome<UpsampleSummary>> {
  assertServerIsNamed(request.settings);
  const { settings } = request;
  const output = outputFolder(settings.output_dir, '--output-dir');
  // It loads while the specs are read; where there is no run in the end, it ends.
  using _expected = ports.host(settings.host).expectRun?.();
  await assertWritable([...ports.workFolders(settings.host), output], ports);
  using hints = new EarlyHints(ports, signal);
  const plan = await planSpecs({ ...request, isToBeRun: true, hints }, ports, observer, signal);
  await assertSourcesCanBeWritten(plan, ports);
  await assertSourcesAreSafe(request.settings, plan, ports);
  assertNoOtherResults(plan);
  const { isDetached = false, leave } = request;
  const context = { ports, observer, signal, leave, isDetached };
  return await beginRun(upsampleKind, newCheckpoint(request, plan, ports), context);
}

function newCheckpoint(request: UpsampleRequest, plan: UpsamplePlan, ports: Ports): UpsampleCheckpoint {
  return {
    version: checkpointVersion,
    kind: 'upsample',
    run_id: ports.newRunId(),
    tool_version: ports.toolVersion,
    created_at: new Date(ports.clock.now()).toISOString(),
    input_root: plan.inputRoot,
    inputs: [...request.inputs],
    settings: plan.settings,
    batches: [...plan.batches],
    specs: [...plan.specs],
    ...(plan.leftOut && { left_out: { ...plan.leftOut } }),
  };
}

const foldersAtOnce = 16;

/** With `--write-back`, a spec is replaced in its own folder. */
async function assertSourcesCanBeWritten(
  { settings, inputRoot, specs }: UpsamplePlan,
  { sources, specs: store }: Pick<Ports, 'sources' | 'specs'>,
): Promise<void> {
  if (!settings.write_back) return;
  const written = specs.filter(({ action }) => action === 'hint' || action === 'as-is').map(sourceFileOf);
  const folderOf = async (spec: string) => dirname(await sources.realPath(store.outputPath(inputRoot, spec)));
  const folders = new Set(await pMap(written, folderOf, { concurrency: foldersAtOnce }));
  const nextStep = 'Leave out --write-back: the enriched specs are in --output-dir.';
  await assertWritable(
    Array.from(folders, (path) => ({ what: 'folder of the specs', path, nextStep })),
    { sources },
  );
}

/** Enriched specs in the folder of their sources would replace them, which only `--write-back` may do. */
export async function assertSourcesAreSafe(
  settings: UpsampleSettings,
  { inputRoot, specs: planned }: Pick<UpsamplePlan, 'inputRoot' | 'specs'>,
  { specs, sources }: Pick<Ports, 'specs' | 'sources'>,
): Promise<void> {
  const { output_dir: flagged, write_back: isWrittenBack } = settings;
  const folder = specs.outputPath(flagged, '');
  const isSame = folder === specs.outputPath(inputRoot, '') || (await sources.isSameFile(folder, inputRoot));
  if (isSame && !isWrittenBack)
    throw usageError(
      `The output folder ${flagged} is the folder of the specs: they would be overwritten.`,
      'Choose another --output-dir, or add --write-back if you want that.',
    );
  const made = planned.filter(({ action }) => action === 'hint' || action === 'as-is');
  const outputs = lazily(made, (each) => [
    {
      path: specs.outputPath(flagged, outputFileOf(each)),
      what: `The enriched ${each.spec}`,
      ...(isWrittenBack && { source: sourceFileOf(each) }),
    },
  ]);
  const read = lazily(planned, (each) => {
    const source = sourceFileOf(each);
    return [{ path: specs.outputPath(inputRoot, source), what: `the spec ${source}`, source }];
  });
  const names = lazily(made, (each) => [outputFileOf(each)]);
  await assertOutputsApart({ folder, flag: '--output-dir', names, outputs, sources: read }, { sources });
}
