import { resolve } from 'node:path';
import { Args } from '@oclif/core';
import { batchFormat } from '../core/inference/exported-specs.ts';
import { usageError } from '../errors/app-error.ts';
import { exitCodes } from '../errors/error-codes.ts';
import { exportDocument } from '../output/json/export-document.ts';
import { formatExport } from '../output/text/export-text.ts';
import { exportSpecs } from '../services/inference/export-specs.ts';
import { exportBatch } from '../services/upsample/export-batch.ts';
import { CosmosCommand } from './shared/cosmos-command.ts';
import { createNotices } from './shared/create-observer.ts';
import { exportFlags, exportLayerOf, toBatchRequest, toSamplesRequest } from './shared/export-request.ts';

export default class Export extends CosmosCommand {
  static override summary =
    "Write a Cosmos model's own input files for specs, or the requests for a batch queue.";
  static override description =
    'For those who run the model themselves. What its program would refuse is refused here, what it does not support is ' +
    'named for each spec, and a README with the command is written beside it. With --format openai-batch: the requests ' +
    'that a run would send to enrich prompts; "cosmos import-answers" takes the answers back.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> outputs/upsampled --format transfer2.5',
    '<%= config.bin %> <%= command.id %> specs --format transfer1 --output-dir for-the-box --copy',
    '<%= config.bin %> <%= command.id %> specs --format openai-batch --model gpt-4o-mini',
  ];
  static override strict = false;
  static override args = {
    specs: Args.string({
      description: 'folders (all *.json and *.jsonl below them) or files',
      required: true,
    }),
  };
  static override flags = exportFlags;

  async run(): Promise<object> {
    const { flags, argv } = await this.parse(Export);
    if (argv.length === 0)
      throw usageError('No specs were given.', 'Give a folder: cosmos export outputs/upsampled');
    const opened = await this.open(flags.config, exportLayerOf(flags));
    const inputs = argv.map((input) => resolve(String(input)));
    const exported = await this.interruptibly((signal) =>
      flags.format === batchFormat
        ? exportBatch(toBatchRequest(inputs, opened, flags), opened.ports, createNotices(), signal)
        : exportSpecs(toSamplesRequest(inputs, opened.settings, flags), opened.ports, signal),
    );
    this.show(formatExport(exported, this.style));
    if (exported.specs.some(({ refusal }) => refusal !== null)) process.exitCode = exitCodes.partial;
    return exportDocument(exported);
  }
}
