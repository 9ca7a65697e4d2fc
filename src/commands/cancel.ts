import { basename } from 'node:path';
import { resumeCommand } from '../core/run/run-commands.ts';
import type { SettingsLayer } from '../core/settings/resolve-settings.ts';
import { type AppError, usageError } from '../errors/app-error.ts';
import { type Cancellation, cancelRun } from '../services/runs/cancel-run.ts';
import { optionalRun } from './shared/arguments.ts';
import { CosmosCommand } from './shared/cosmos-command.ts';
import { queueAddressFlags, settingsLayerOf, storeFlags } from './shared/run-flags.ts';
import { runKinds } from './shared/run-views.ts';

export default class Cancel extends CosmosCommand {
  static override summary = 'Stop a run wherever it is running; what is finished stays finished.';
  static override args = { run: optionalRun };
  static override flags = { ...storeFlags, ...queueAddressFlags };

  async run(): Promise<object> {
    const { flags, args } = await this.parse(Cancel);
    const layer = settingsLayerOf(flags);
    if (args.run === undefined) throw await this.#noneNamed(flags.config, layer);
    const { ports, reference } = await this.openRun(args.run, flags.config, layer);
    const cancelled = await cancelRun(reference, runKinds, ports, (pid) => process.kill(pid, 'SIGTERM'));
    this.show(`${textOf(cancelled)}\n`);
    return cancelled;
  }

  /** What is stopped is named: a run by another name may be at work by now. @throws AppError `run-not-found`. */
  async #noneNamed(configPath: string | undefined, layer: SettingsLayer): Promise<AppError> {
    const { ports } = await this.open(configPath, layer, 'locate');
    const runId = basename((await ports.runs.locate('latest')).folder);
    return usageError(
      'No run was named, so nothing was stopped.',
      `The latest is ${runId}; stop it with: cosmos cancel ${runId}`,
    );
  }
}

function textOf({ run_id: runId, is_ended: isEnded, tasks }: Cancellation): string {
  if (isEnded) return `Run ${runId} had already ended: there was nothing to stop.`;
  return `Run ${runId} is stopped with ${tasks.done} of ${tasks.total} done. Continue with: ${resumeCommand(runId)}`;
}
