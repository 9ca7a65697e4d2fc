import { Flags } from '@oclif/core';
import { findOldRuns, type RemovalDocument } from '../../services/runs/remove-runs.ts';
import { RemovalCommand } from '../shared/removal-command.ts';
import { keepFlag, keepMsOf, settingsLayerOf, storeFlags } from '../shared/run-flags.ts';
import { runKinds } from '../shared/run-views.ts';

export default class RunsPrune extends RemovalCommand {
  static override summary = 'List runs that ended long ago, and remove them once you agree.';
  static override description =
    'Only runs that ended, and entries of runs whose folder is gone already. What they made stays. Nothing is ever removed ' +
    'without this command or runs rm.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --keep 2w --yes',
  ];
  static override flags = {
    yes: Flags.boolean({ char: 'y', default: false, description: 'remove what is listed without asking' }),
    keep: keepFlag('30d', 'keep runs that ended within this time: 12h, 7d, 2w'),
    ...storeFlags,
  };

  async run(): Promise<RemovalDocument> {
    const { flags } = await this.parse(RunsPrune);
    const keepMs = keepMsOf(flags.keep);
    const { ports } = await this.open(flags.config, settingsLayerOf(flags), 'read');
    const listed = await findOldRuns(keepMs, runKinds, ports);
    if (listed.length === 0) this.show(`No run ended longer than ${flags.keep} ago.\n`);
    const removal = await this.removeOnceAgreed(listed, flags.yes, ports);
    if (listed.length > 0 && !removal.is_confirmed)
      this.show(`Nothing was removed. To remove them: cosmos runs prune --keep ${flags.keep} --yes\n`);
    return removal;
  }
}
