import { Args } from '@oclif/core';
import { QueueCommand } from '../shared/queue-command.ts';
import { queueAddressFlags } from '../shared/run-flags.ts';

export default class QueueRetry extends QueueCommand {
  static override summary = 'Queue failed jobs again: those of one run, or all.';
  static override description =
    'What has a result is not done again. A run whose own process has already recorded a failure continues with --resume.';
  static override args = { run: Args.string({ description: 'id of a run', required: false }) };
  static override flags = queueAddressFlags;

  async run(): Promise<object> {
    const { flags, args } = await this.parse(QueueRetry);
    const retried = await this.withQueue(flags, (upkeep) => upkeep.retry(args.run ?? null));
    this.show(`${retried} failed ${retried === 1 ? 'job waits' : 'jobs wait'} again.\n`);
    return { version: 1, retried_jobs: retried };
  }
}
