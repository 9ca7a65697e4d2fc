import { resumeCommand } from '../core/run/run-commands.ts';
import { type Cancellation, cancelRun } from '../services/runs/cancel-run.ts';
import { requiredRun } from './shared/arguments.ts';
import { CosmosCommand } from './shared/cosmos-command.ts';
import { queueAddressFlags, settingsLayerOf, storeFlags } from './shared/run-flags.ts';
import { runKinds } from './shared/run-views.ts';

export default class Cancel extends CosmosCommand {
  static override summary = 'Stop a run wherever it is running; what is finished stays finished.';
  static override args = { run: requiredRun };
  static override flags = { ...storeFlags, ...queueAddressFlags };

  async run(): Promise<object> {
    const { flags, args } = await this.parse(Cancel);
    const { ports, reference } = await this.openRun(args.run, flags.config, settingsLayerOf(flags));
    const cancelled = await cancelRun(reference, runKinds, ports, (pid) => process.kill(pid, 'SIGTERM'));
    this.show(`${textOf(cancelled)}\n`);
    return cancelled;
  }
}

function textOf({ run_id: runId, is_ended: isEnded, tasks }: Cancellation): string {
  if (isEnded) return `Run ${runId} had already ended: there was nothing to stop.`;
  return `Run ${runId} is stopped with ${tasks.done} of ${tasks.total} done. Continue with: ${resumeCommand(runId)}`;
}
