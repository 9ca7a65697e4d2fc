import { formatTable } from '../output/table.ts';
import { listRuns, type RunRow } from '../services/list-runs.ts';
import { CosmosCommand } from './shared/cosmos-command.ts';
import { settingsLayerOf, storeFlags } from './shared/run-flags.ts';

export default class Runs extends CosmosCommand {
  static override summary = 'List the runs of this folder, newest first.';
  static override flags = storeFlags;

  async run(): Promise<object> {
    const { flags } = await this.parse(Runs);
    const { ports } = await this.open(flags.config, settingsLayerOf(flags));
    const runs = await listRuns(ports);
    this.show(formatRuns(runs));
    return { version: 1, runs };
  }
}

function formatRuns(runs: readonly RunRow[]): string {
  if (runs.length === 0) return 'No runs yet. Begin one with: cosmos batch-upsample ./specs\n';
  const rows = runs.map(({ run_id, status, created_at, engine, counts }) => [
    run_id,
    status,
    created_at?.slice(0, 16).replace('T', ' ') ?? '—',
    engine ?? '—',
    counts ? `${counts.upsampled + counts.reused + counts.skipped}/${counts.total}` : '—',
    counts ? String(counts.failed) : '—',
  ]);
  return `${formatTable([['RUN', 'STATUS', 'BEGUN (UTC)', 'ENGINE', 'DONE', 'FAILED'], ...rows]).join('\n')}\n`;
}
