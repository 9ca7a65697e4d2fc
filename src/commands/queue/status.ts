import { formatQueue } from '../../output/text/queue-text.ts';
import { QueueCommand } from '../shared/queue-command.ts';
import { queueAddressFlags } from '../shared/run-flags.ts';

export default class QueueStatus extends QueueCommand {
  static override summary = 'Show the state of a queue: workers, and the jobs of each run.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --queue redis://farm:6379 --store /mnt/farm',
  ];
  static override flags = queueAddressFlags;

  async run(): Promise<object> {
    const { flags } = await this.parse(QueueStatus);
    return await this.withQueue(flags, async (upkeep, workerCommand) => {
      const facts = await upkeep.facts();
      this.show(formatQueue(facts, this.style, { nowMs: Date.now(), workerCommand }));
      return facts;
    });
  }
}
