import { resolve } from 'node:path';
import { Args, Flags } from '@oclif/core';
import { batchFormat } from '../core/inference/exported-specs.ts';
import type { ImportedAnswers } from '../core/upsample/imported-answers.ts';
import { usageError } from '../errors/app-error.ts';
import { exitCodes } from '../errors/error-codes.ts';
import { formatImport } from '../output/text/import-text.ts';
import { importAnswers } from '../services/upsample/import-answers.ts';
import { CosmosCommand } from './shared/cosmos-command.ts';
import { planFlags, settingsLayerOf } from './shared/run-flags.ts';

export default class ImportAnswers extends CosmosCommand {
  static override summary = 'Write the answers of a batch queue into enriched specs.';
  static override description =
    'Reads the answers to the requests that "cosmos export --format openai-batch" wrote, with the checks of a run. ' +
    'A bad answer does not affect the others.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> answers_01.jsonl',
    '<%= config.bin %> <%= command.id %> answers_*.jsonl errors_*.jsonl --export for-the-queue --output-dir enriched',
  ];
  static override strict = false;
  static override args = {
    file: Args.string({
      description: 'files of answers, as the batch queue returns them (JSONL)',
      required: true,
    }),
  };
  static override flags = {
    export: Flags.string({
      default: `outputs/export/${batchFormat}`,
      description: 'folder that "cosmos export" wrote',
      helpValue: 'DIR',
    }),
    specs: Flags.string({
      description: 'folder of the specs (default: where they were when they were exported)',
      helpValue: 'DIR',
    }),
    'output-dir': planFlags['output-dir'],
    force: Flags.boolean({ description: 'replace enriched specs of another engine or model, too' }),
  };

  async run(): Promise<ImportedAnswers> {
    const { flags, argv } = await this.parse(ImportAnswers);
    if (argv.length === 0)
      throw usageError('No answers were given.', 'Give the file: cosmos import-answers answers_01.jsonl');
    const { settings, ports } = await this.open(
      flags.config,
      settingsLayerOf({ 'output-dir': flags['output-dir'] }),
    );
    const request = {
      files: argv.map((file) => resolve(String(file))),
      exportDir: resolve(flags.export),
      specsDir: flags.specs === undefined ? null : resolve(flags.specs),
      outputDir: resolve(settings.upsampling.output_dir),
      isForced: flags.force,
    };
    const imported = await this.interruptibly((signal) => importAnswers(request, ports, signal));
    this.show(formatImport(imported, this.style));
    const { failures, unknown, broken } = imported;
    if (failures.length + unknown.length + broken.length > 0) process.exitCode = exitCodes.partial;
    return imported;
  }
}
