import { Flags } from '@oclif/core';
import { formatRemoved, formatUnneeded } from '../../output/text/prune-text.ts';
import { type PruneDocument, type PrunedThing, pruneHost } from '../../services/hosts/prune-host.ts';
import { hostArgument } from '../shared/arguments.ts';
import { askYesNo } from '../shared/ask-yes-no.ts';
import { CosmosCommand } from '../shared/cosmos-command.ts';
import { keepFlag, keepMsOf, settingsLayerOf, storeFlags } from '../shared/run-flags.ts';
import { runKinds } from '../shared/run-views.ts';

export default class HostPrune extends CosmosCommand {
  static override summary = 'List what no run needs on a host, and remove it once you agree.';
  static override description =
    'Unfinished runs stay, and so do runs of yours that wait for results, runs that a worker is working on, and ' +
    'whatever was touched within --keep. Inputs stay with their runs.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> gpu1',
    '<%= config.bin %> <%= command.id %> gpu1 --keep 2d --yes',
  ];
  static override args = { name: hostArgument };
  static override flags = {
    yes: Flags.boolean({ char: 'y', default: false, description: 'remove what is listed without asking' }),
    keep: keepFlag('7d', 'leave whatever was touched within this time: 30m, 12h, 7d, 2w'),
    ...storeFlags,
  };

  async run(): Promise<PruneDocument> {
    const { flags, args } = await this.parse(HostPrune);
    const keepMs = keepMsOf(flags.keep);
    const { ports } = await this.open(flags.config, settingsLayerOf(flags));
    const confirm = async (things: readonly PrunedThing[]) => {
      this.show(formatUnneeded(things, args.name, this.style));
      return flags.yes || (!this.jsonEnabled() && (await askYesNo('Remove all of it?')));
    };
    const pruned = await pruneHost({ host: args.name, keepMs }, runKinds, ports, confirm);
    this.#showEnd(pruned, flags.keep);
    return pruned;
  }

  #showEnd({ host, unneeded, removed, is_confirmed: isConfirmed }: PruneDocument, keep: string): void {
    if (unneeded.length === 0) this.show(formatUnneeded([], host, this.style));
    else if (isConfirmed) this.show(formatRemoved(removed, unneeded.length, host));
    else this.show(`Nothing was removed. To remove it: cosmos host prune ${host} --keep ${keep} --yes\n`);
  }
}
