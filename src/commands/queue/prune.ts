import { Flags } from '@oclif/core';
import { parseKeepTime } from '../../core/upkeep/keep-time.ts';
import { usageError } from '../../errors/app-error.ts';
import { formatUnneeded } from '../../output/text/prune-text.ts';
import { askYesNo } from '../shared/ask-yes-no.ts';
import { QueueCommand } from '../shared/queue-command.ts';
import { queueAddressFlags } from '../shared/run-flags.ts';

export default class QueuePrune extends QueueCommand {
  static override summary = 'List what no run needs in the store of a queue, and remove it once you agree.';
  static override description =
    'Runs that are unfinished, queued or being worked on stay, with their inputs, and so does whatever was touched within --keep.';
  static override flags = {
    ...queueAddressFlags,
    yes: Flags.boolean({ char: 'y', default: false, description: 'remove what is listed without asking' }),
    keep: Flags.string({
      default: '7d',
      description: 'leave whatever was touched within this time: 30m, 12h, 7d, 2w',
      helpValue: 'TIME',
    }),
  };

  async run(): Promise<object> {
    const { flags } = await this.parse(QueuePrune);
    const keepMs = parseKeepTime(flags.keep);
    if (keepMs === null)
      throw usageError(
        `--keep ${flags.keep}: not a time span.`,
        'Give a number with a unit: 30m, 12h, 7d or 2w.',
      );
    return await this.withQueue(flags, async (upkeep) => {
      const unneeded = await upkeep.findUnneeded(keepMs);
      this.show(formatUnneeded(unneeded, 'the store', this.style));
      if (unneeded.length === 0) return { version: 1, keep_ms: keepMs, unneeded, is_removed: false };
      const isAgreed = flags.yes || (!this.jsonEnabled() && (await askYesNo('Remove all of it?')));
      if (isAgreed) await upkeep.remove(unneeded);
      return { version: 1, keep_ms: keepMs, unneeded, is_removed: isAgreed };
    });
  }
}
