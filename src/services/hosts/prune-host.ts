import { AppError } from '../../errors/app-error.ts';
import type { Unneeded } from '../../ports/host-upkeep.ts';
import type { Ports } from '../../ports/ports.ts';
import { listAllRuns, type RunRow } from '../runs/list-runs.ts';
import type { RunKinds } from '../runs/run-kind.ts';
import { withUpkeep } from './host-upkeep.ts';

interface PruneRequest {
  readonly host: string;
  /** Whatever was touched within this time stays, in milliseconds. */
  readonly keepMs: number;
}

/** Something that no run needs. JSON, so snake_case. */
export interface PrunedThing {
  readonly kind: Unneeded['kind'];
  readonly name: string;
  readonly size_bytes: number | null;
  readonly reason: string;
}

/** What pruning found and did. JSON, so snake_case. */
export interface PruneDocument {
  readonly version: 1;
  readonly host: string;
  readonly keep_ms: number;
  readonly unneeded: readonly PrunedThing[];
  /** Whether anything was to be removed; else this is only a listing. */
  readonly is_confirmed: boolean;
  readonly removed: readonly PrunedThing[];
}

/**
 * Lists what no run needs on a host, and removes it when that is agreed to.
 *
 * @param confirm - Sees the listing, when there is something in it, and says whether to remove it.
 * @throws AppError `host-unknown`, `host-unreachable` and the other errors of connecting.
 */
export async function pruneHost(
  { host, keepMs }: PruneRequest,
  kinds: RunKinds,
  ports: Pick<Ports, 'upkeep' | 'runs' | 'machines'>,
  confirm: (unneeded: readonly PrunedThing[]) => Promise<boolean>,
): Promise<PruneDocument> {
  return await withUpkeep(host, ports, async (upkeep) => {
    const rulesNow = async () => ({ neededRuns: await neededRuns(host, kinds, ports), keepMs });
    const unneeded = await upkeep.findUnneeded(await rulesNow());
    const listed = unneeded.map(toDocument);
    const isConfirmed = unneeded.length > 0 && (await confirm(listed));
    // The person may have taken long to answer, so what is needed is read again.
    const removed = isConfirmed ? await upkeep.remove(unneeded, await rulesNow()) : [];
    return {
      version: 1,
      host,
      keep_ms: keepMs,
      unneeded: listed,
      is_confirmed: isConfirmed,
      removed: removed.map(toDocument),
    };
  });
}

/** Runs of this machine that still expect results. A damaged run counts: it shows neither its host nor its state. */
async function neededRuns(
  host: string,
  kinds: RunKinds,
  ports: Pick<Ports, 'runs' | 'machines'>,
): Promise<ReadonlySet<string>> {
  const rows = await listAllRuns(kinds, ports);
  return new Set(
    rows.filter((row) => isNeeded(row, (named) => mayInclude(named, host, ports))).map((row) => row.run_id),
  );
}

function isNeeded({ status, host, tasks }: RunRow, isHere: (named: string) => boolean): boolean {
  if (status === 'gone') return false;
  if (status === 'damaged' || tasks === null) return true;
  const { done, failed, total } = tasks;
  return host !== null && isHere(host) && (status === 'running' || done + failed < total);
}

/** Whether a run's host is, or has, this machine. One that the settings do not know any more might have it. */
function mayInclude(named: string, machine: string, ports: Pick<Ports, 'machines'>): boolean {
  try {
    return ports.machines(named).includes(machine);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return named.split(',').includes(machine) || !named.includes(',');
  }
}

function toDocument({ kind, name, sizeBytes, reason }: Unneeded): PrunedThing {
  return { kind, name, size_bytes: sizeBytes, reason };
}
