import { resolve } from 'node:path';
import { Args } from '@oclif/core';
import { planDocument } from '../output/json/upsample-plan-document.ts';
import { formatPlan } from '../output/text/upsample/plan-text.ts';
import { planSpecs } from '../services/upsample/plan-specs.ts';
import { CosmosCommand } from './shared/cosmos-command.ts';
import { createNotices } from './shared/create-observer.ts';
import { planFlags, selectionFlags, settingsLayerOf } from './shared/run-flags.ts';
import { toUpsampleRequest } from './shared/upsample-request.ts';

export default class Plan extends CosmosCommand {
  static override summary =
    'Show what batch-upsample would do; sends no prompt, touches no host and writes nothing.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> ./specs',
    '<%= config.bin %> <%= command.id %> ./specs --json',
  ];
  static override strict = false;
  static override args = {
    specs: Args.string({
      description: 'folders (all *.json and *.jsonl below them) or files',
      required: true,
    }),
  };
  static override flags = { ...planFlags, ...selectionFlags };

  async run(): Promise<object> {
    const { flags, argv } = await this.parse(Plan);
    const opened = await this.open(flags.config, settingsLayerOf(flags));
    const inputs = argv.map((input) => resolve(String(input)));
    const request = toUpsampleRequest(inputs, opened, flags);
    const plan = await this.interruptibly((signal) =>
      planSpecs(request, opened.ports, createNotices(), signal),
    );
    this.show(formatPlan(plan, this.style, process.stdout.columns));
    return planDocument(plan);
  }
}
