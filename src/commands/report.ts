import { Args } from '@oclif/core';
import { formatSummary } from '../output/summary-text.ts';
import { showReport } from '../services/show-report.ts';
import { CosmosCommand } from './shared/cosmos-command.ts';
import { settingsLayerOf, storeFlags } from './shared/run-flags.ts';

export default class Report extends CosmosCommand {
  static override summary = 'Sum up a run and write its report anew.';
  static override examples = ['<%= config.bin %> <%= command.id %> latest'];
  static override args = {
    run: Args.string({ description: 'run id, run folder, checkpoint.json, or "latest"', default: 'latest' }),
  };
  static override flags = storeFlags;

  async run(): Promise<object> {
    const { flags, args } = await this.parse(Report);
    const { ports } = await this.open(flags.config, settingsLayerOf(flags));
    const summary = await showReport(args.run, ports);
    this.show(formatSummary(summary, this.style));
    const owner = await ports.runs.owner(args.run);
    if (owner) this.show(`\nThe run still goes on, in process ${owner.pid}.\n`);
    return summary;
  }
}
