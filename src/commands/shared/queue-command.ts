import { workerCommandOf } from '../../core/settings/host-named.ts';
import { openQueueUpkeep } from '../../machine-composition.ts';
import type { QueueUpkeep } from '../../ports/queue-upkeep.ts';
import { CosmosCommand } from './cosmos-command.ts';
import { queueLayerOf } from './run-flags.ts';

interface QueueFlags {
  readonly config?: string | undefined;
  readonly queue?: string | undefined;
  readonly store?: string | undefined;
}

/** A command about the queue itself. */
export abstract class QueueCommand extends CosmosCommand {
  protected async withQueue<T>(
    flags: QueueFlags,
    work: (upkeep: QueueUpkeep, workerCommand: string) => Promise<T>,
  ): Promise<T> {
    const layer = { source: 'the command line', values: queueLayerOf(flags) };
    const { settings } = await this.open(flags.config, layer);
    const upkeep = await openQueueUpkeep(settings);
    return await work(upkeep, workerCommandOf(settings.queue)).finally(() => upkeep.close());
  }
}
