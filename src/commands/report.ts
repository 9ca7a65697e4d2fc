import { Args } from '@oclif/core';
import { formatSummary } from '../output/text/upsample/summary-text.ts';
import { formatUpscaleSummary } from '../output/text/upscale/summary-text.ts';
import type { Ports } from '../ports/ports.ts';
import { showReport } from '../services/upsample/show-report.ts';
import { showUpscaleReport } from '../services/upscale/show-upscale-report.ts';
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
    const { folder, kind } = await ports.runs.locate(args.run);
    const summary =
      kind === 'upscale' ? await this.#showUpscale(folder, ports) : await this.#show(folder, ports);
    const owner = await ports.runs.owner(folder);
    if (owner) this.show(`\nThe run still goes on, in process ${owner.pid}.\n`);
    return summary;
  }

  async #show(folder: string, ports: Ports): Promise<object> {
    const summary = await showReport(folder, ports);
    this.show(formatSummary(summary, this.style));
    return summary;
  }

  async #showUpscale(folder: string, ports: Ports): Promise<object> {
    const summary = await showUpscaleReport(folder, ports);
    this.show(formatUpscaleSummary(summary, this.style));
    return summary;
  }
}
