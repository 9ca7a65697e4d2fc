import { Flags } from '@oclif/core';
import { formatRuns } from '../output/text/runs-text.ts';
import { listRuns, lookUpRuns } from '../services/runs/list-runs.ts';
import { CosmosCommand } from './shared/cosmos-command.ts';
import { queueAddressFlags, settingsLayerOf, storeFlags } from './shared/run-flags.ts';
import { runKinds } from './shared/run-views.ts';

export default class Runs extends CosmosCommand {
  static override summary = 'List the runs of this folder, newest first.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --check',
  ];
  static override flags = {
    ...storeFlags,
    ...queueAddressFlags,
    check: Flags.boolean({
      default: false,
      description: 'also ask each host about its runs; without it no host is contacted',
    }),
  };

  async run(): Promise<object> {
    const { flags } = await this.parse(Runs);
    const { ports } = await this.open(flags.config, settingsLayerOf(flags));
    const listed = await listRuns(runKinds, ports);
    const runs = flags.check ? await lookUpRuns(listed, ports) : listed;
    this.show(formatRuns(runs, this.style));
    return { version: 1, runs };
  }
}
