import { Args, Flags } from '@oclif/core';
import { usageError } from '../../errors/app-error.ts';
import { findRemovable, type RemovalDocument } from '../../services/runs/remove-runs.ts';
import { RemovalCommand } from '../shared/removal-command.ts';
import { settingsLayerOf, storeFlags } from '../shared/run-flags.ts';
import { runKinds } from '../shared/run-views.ts';

export default class RunsRm extends RemovalCommand {
  static override summary = 'Remove runs for good: their folders, not what they made.';
  static override description =
    'The run folder with its report is removed, and the unfinished video beside the output. Enriched specs and videos stay. A run ' +
    'that a process is working on, or that still has results to collect from a host, is refused.';
  static override examples = ['<%= config.bin %> <%= command.id %> 12ca1b2c'];
  static override strict = false;
  static override args = {
    run: Args.string({ description: 'runs: ids, parts of ids, run folders, or "latest"', required: true }),
  };
  static override flags = {
    yes: Flags.boolean({ char: 'y', default: false, description: 'remove them without asking' }),
    force: Flags.boolean({
      default: false,
      description: 'also remove runs whose results are not all here, and damaged ones',
    }),
    ...storeFlags,
  };

  async run(): Promise<RemovalDocument> {
    const { flags, argv } = await this.parse(RunsRm);
    const { ports } = await this.open(flags.config, settingsLayerOf(flags), 'read');
    const listed = await findRemovable(argv.map(String), flags.force, runKinds, ports);
    const removal = await this.removeOnceAgreed(listed, flags.yes, ports);
    if (!removal.is_confirmed && !process.stdin.isTTY)
      throw usageError(
        'Nothing was removed: there is no terminal to ask on.',
        'Add --yes to remove them without asking.',
      );
    return removal;
  }
}
