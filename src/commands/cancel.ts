import { Args } from '@oclif/core';
import { taskCountsOf } from '../core/run/task-counts.ts';
import { resumeCommand } from '../output/text/upsample/summary-text.ts';
import { resumeUpscaleCommand } from '../output/text/upscale/summary-text.ts';
import { type Cancellation, cancelRun } from '../services/runs/cancel-run.ts';
import { CosmosCommand } from './shared/cosmos-command.ts';
import { settingsLayerOf, storeFlags } from './shared/run-flags.ts';

export default class Cancel extends CosmosCommand {
  static override summary = 'Stop a run wherever it goes on; what is finished stays finished.';
  static override args = {
    run: Args.string({ description: 'run id, run folder, checkpoint.json, or "latest"', required: true }),
  };
  static override flags = storeFlags;

  async run(): Promise<object> {
    const { flags, args } = await this.parse(Cancel);
    const { ports } = await this.open(flags.config, settingsLayerOf(flags));
    const cancelled = await cancelRun(args.run, ports, (pid) => process.kill(pid, 'SIGTERM'));
    this.show(`${textOf(cancelled)}\n`);
    return cancelled;
  }
}

function textOf({ run_id: runId, kind, is_ended: isEnded, counts }: Cancellation): string {
  if (isEnded) return `Run ${runId} had ended already: there was nothing to stop.`;
  const { done, total } = taskCountsOf(counts);
  const next = kind === 'upscale' ? resumeUpscaleCommand(runId) : resumeCommand(runId);
  return `Run ${runId} is stopped with ${done} of ${total} done. Go on with: ${next}`;
}
