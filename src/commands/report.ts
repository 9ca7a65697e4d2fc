import { reportRun } from '../services/runs/read-run.ts';
import { runOrLatest } from './shared/arguments.ts';
import { CosmosCommand } from './shared/cosmos-command.ts';
import { settingsLayerOf, storeFlags } from './shared/run-flags.ts';
import { runKinds, viewOf } from './shared/run-views.ts';

export default class Report extends CosmosCommand {
  static override summary = 'Sum up a run and write its report again.';
  static override examples = ['<%= config.bin %> <%= command.id %> latest'];
  static override args = { run: runOrLatest };
  static override flags = storeFlags;

  async run(): Promise<object> {
    const { flags, args } = await this.parse(Report);
    const { ports, reference: folder } = await this.openRun(args.run, flags.config, settingsLayerOf(flags));
    const { kind, summary } = await reportRun(folder, runKinds, ports);
    this.show(viewOf(kind).formatSummary(summary, this.style));
    const owner = await ports.runs.owner(folder);
    if (owner) this.show(`\nThe run is still running, in process ${owner.pid}.\n`);
    return summary;
  }
}
