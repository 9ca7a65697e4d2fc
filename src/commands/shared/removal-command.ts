import { formatRemovable, formatRemovedRuns } from '../../output/text/removal-text.ts';
import type { Ports } from '../../ports/ports.ts';
import { type RemovableRun, type RemovalDocument, removeRuns } from '../../services/runs/remove-runs.ts';
import { askYesNo } from './ask-yes-no.ts';
import { CosmosCommand } from './cosmos-command.ts';
import { runKinds } from './run-views.ts';

/** A command that removes runs: shows them, asks, and says what is gone. */
export abstract class RemovalCommand extends CosmosCommand {
  protected async removeOnceAgreed(
    listed: readonly RemovableRun[],
    isAgreed: boolean,
    ports: Ports,
  ): Promise<RemovalDocument> {
    const confirm = async () => {
      this.show(formatRemovable(listed, process.stdout.columns));
      return isAgreed || (!this.jsonEnabled() && (await askYesNo('Remove for good?')));
    };
    const removal = await removeRuns(listed, runKinds, ports, confirm);
    if (removal.is_confirmed) this.show(formatRemovedRuns(removal));
    return removal;
  }
}
