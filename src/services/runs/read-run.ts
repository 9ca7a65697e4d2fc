import { AppError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import { stateOf } from './resume-run.ts';
import type { RunKind, RunKinds, RunTypes, StoredRunOf } from './run-kind.ts';

export interface AnyRun {
  readonly kind: RunKind<RunTypes>;
  readonly run: StoredRunOf<RunTypes>;
  readonly state: RunTypes['state'];
}

/**
 * Finds a run and the kind it is of, without reading all of it.
 *
 * @param reference - A path, a run id or `latest`.
 * @throws AppError `run-not-found`, or `checkpoint-damaged` for a kind that this program does not know.
 */
export async function locateRun(
  reference: string,
  kinds: RunKinds,
  { runs }: Pick<Ports, 'runs'>,
): Promise<{ readonly folder: string; readonly kind: RunKind<RunTypes> }> {
  const { folder, kind } = await runs.locate(reference);
  return { folder, kind: kindNamed(kind, folder, kinds) };
}

/**
 * Reads a run without taking its lock.
 *
 * @param reference - A path, a run id or `latest`.
 * @throws AppError as `RunStore.read`.
 */
export async function readRun(
  reference: string,
  kinds: RunKinds,
  { runs }: Pick<Ports, 'runs'>,
): Promise<AnyRun> {
  const { folder, kind } = await locateRun(reference, kinds, { runs });
  const run = await runs.read(kind.format, folder);
  return { kind, run, state: stateOf(kind, run) };
}

/** @param name - Empty where the checkpoint names none. @throws AppError `checkpoint-damaged` for a name that no kind has. */
function kindNamed(name: string, folder: string, kinds: RunKinds): RunKind<RunTypes> {
  const kind = kinds.get(name);
  if (kind) return kind;
  if (name === '')
    throw new AppError({
      code: 'checkpoint-damaged',
      message: `The checkpoint of the run in ${folder} is damaged: it does not begin as cosmos wrote it.`,
      nextStep:
        'Restore its checkpoint.json from a backup, or start a new run: finished work is taken from the cache of results. Nothing was changed.',
    });
  throw new AppError({
    code: 'checkpoint-damaged',
    message: `${folder} holds a run of a kind that this version of cosmos does not know.`,
    nextStep:
      'Continue it with the version of cosmos that started it, or start a new run. Nothing was changed.',
  });
}

/** Writes both reports of a run as it stands, and sums it up. Needs no lock: a process may work on the run meanwhile. */
export async function reportRun(reference: string, kinds: RunKinds, ports: Ports) {
  const { kind, run, state } = await readRun(reference, kinds, ports);
  state.isAtWork = (await ports.runs.owner(run.folder)) !== null;
  await kind.writeReport(run, state, ports);
  return { kind: kind.format.kind, summary: kind.summarise(run, state, null) };
}
