import { setTimeout as delay } from 'node:timers/promises';
import { Flags } from '@oclif/core';
import { QueueCommand } from '../shared/queue-command.ts';
import { queueAddressFlags } from '../shared/run-flags.ts';

/** How often is looked whether workers still have jobs, in milliseconds. */
const pollMs = 1_000;

export default class QueueDrain extends QueueCommand {
  static override summary =
    'Let workers take no more jobs, and wait until they have finished those they have.';
  static override description = 'Jobs stay in the queue until --resume lets workers take them again.';
  static override flags = {
    ...queueAddressFlags,
    resume: Flags.boolean({ default: false, description: 'let workers take jobs again' }),
  };

  async run(): Promise<object> {
    const { flags } = await this.parse(QueueDrain);
    const isPaused = !flags.resume;
    await this.withQueue(flags, async (upkeep) => {
      await upkeep.setPaused(isPaused);
      if (!isPaused) return;
      await this.interruptibly(async (signal) => {
        while ((await upkeep.facts()).runs.some(({ active }) => active > 0))
          await delay(pollMs, undefined, { signal });
      });
    });
    this.show(
      isPaused
        ? 'No worker has a job. To continue, run: cosmos queue drain --resume\n'
        : 'Workers take jobs.\n',
    );
    return { version: 1, is_paused: isPaused };
  }
}
