import { Args } from '@oclif/core';
import { resumeCommand } from '../output/summary-text.ts';
import { cancelRun } from '../services/cancel-run.ts';
import { CosmosCommand } from './shared/cosmos-command.ts';

export default class Cancel extends CosmosCommand {
  static override summary = 'Stop a run wherever it goes on; what is finished stays finished.';
  static override args = {
    run: Args.string({ description: 'run id, run folder, checkpoint.json, or "latest"', required: true }),
  };

  async run(): Promise<object> {
    const { flags, args } = await this.parse(Cancel);
    const { ports } = await this.open(flags.config);
    const cancelled = await cancelRun(args.run, ports, (pid) => process.kill(pid, 'SIGTERM'));
    this.show(`Run ${cancelled.run_id} is stopped. Go on with: ${resumeCommand(cancelled.run_id)}\n`);
    return cancelled;
  }
}
