import { resumeCommand } from '../core/run/run-commands.ts';
import { cancelledCode } from '../core/run/run-status.ts';
import { usageError } from '../errors/app-error.ts';
import { readRun } from '../services/runs/read-run.ts';
import { asItWasBegun } from '../services/runs/resume-run.ts';
import { runOrLatest } from './shared/arguments.ts';
import { askYesNo } from './shared/ask-yes-no.ts';
import { RunCommand } from './shared/run-command.ts';
import { progressFlags, queueAddressFlags, settingsLayerOf, storeFlags } from './shared/run-flags.ts';
import { runKinds, viewOf } from './shared/run-views.ts';

export default class Attach extends RunCommand {
  static override summary = 'Follow a run that works in the background, and bring its results home.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> 1a2b3c4d',
  ];
  static override args = { run: runOrLatest };
  static override flags = { ...storeFlags, ...queueAddressFlags, ...progressFlags };

  async run(): Promise<object> {
    const { flags, args } = await this.parse(Attach);
    const { ports, reference } = await this.openRun(args.run, flags.config, settingsLayerOf(flags));
    const { kind, run, state } = await readRun(reference, runKinds, ports);
    if (state.lastStatus === 'paused')
      throw usageError(
        `Run ${run.runId} does not continue by itself: it waits for you to read its prompts.`,
        `Continue with: ${resumeCommand(run.runId)}`,
      );
    if (state.lastEnd?.error?.code === cancelledCode)
      await this.#askForCancelled(run.runId, state.lastEnd.at);
    return await this.resume(viewOf(kind.format.kind), flags, ports, asItWasBegun(run.folder), true);
  }

  /** Following a run would start its work again, which the user stopped. */
  async #askForCancelled(runId: string, at: string | null): Promise<void> {
    const when = at === null ? '' : ` on ${at.slice(0, 16).replace('T', ' ')} UTC`;
    if (await askYesNo(`Run ${runId} was cancelled${when}. Continue it?`)) return;
    throw usageError(
      `Run ${runId} was cancelled${when}: no work of it is running.`,
      `Nothing was changed. Continue it with: ${resumeCommand(runId)}`,
    );
  }
}
