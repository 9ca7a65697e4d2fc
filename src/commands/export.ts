import { resolve } from 'node:path';
import { Args, Flags } from '@oclif/core';
import { familyNames } from '../core/inference/families.ts';
import { usageError } from '../errors/app-error.ts';
import { exitCodes } from '../errors/error-codes.ts';
import { exportDocument } from '../output/json/export-document.ts';
import { formatExport } from '../output/text/export-text.ts';
import { exportSpecs } from '../services/inference/export-specs.ts';
import { CosmosCommand } from './shared/cosmos-command.ts';
import { inferenceFlags, inferenceLayerOf } from './shared/inference-flags.ts';
import { exportsFolder, mappedFoldersOf } from './shared/upsample-request.ts';

export default class Export extends CosmosCommand {
  static override summary = "Write a Cosmos model's own input files for specs.";
  static override description =
    'For those who run the model themselves. What its program would refuse is refused here, what it cannot take is ' +
    'said for each spec, and the README that is written has the command.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> outputs/upsampled --format transfer2.5',
    '<%= config.bin %> <%= command.id %> specs --format transfer1 --output-dir for-the-box --copy',
  ];
  static override strict = false;
  static override args = {
    specs: Args.string({
      description: 'folders (all *.json and *.jsonl below them) or files',
      required: true,
    }),
  };
  static override flags = {
    format: Flags.option({ options: familyNames, description: 'whose input (default: inference.family)' })(),
    'output-dir': Flags.string({
      description: 'folder for the files (default: outputs/export/FORMAT)',
      helpValue: 'DIR',
    }),
    copy: Flags.boolean({
      default: false,
      description: 'copy the videos into that folder',
      exclusive: ['link'],
    }),
    link: Flags.boolean({ default: false, description: 'link the videos into that folder' }),
    force: Flags.boolean({ default: false, description: 'replace an export that is there already' }),
    ...inferenceFlags,
  };

  async run(): Promise<object> {
    const { flags, argv } = await this.parse(Export);
    if (argv.length === 0)
      throw usageError('No specs were named.', 'Name a folder: cosmos export outputs/upsampled');
    const { settings, ports } = await this.open(flags.config, inferenceLayerOf(flags));
    const { parameters, control_weights: weights } = settings.inference;
    const family = flags.format ?? settings.inference.family;
    const exported = await this.interruptibly((signal) =>
      exportSpecs(
        {
          inputs: argv.map((input) => resolve(String(input))),
          outputDir: resolve(flags['output-dir'] ?? `${exportsFolder}/${family}`),
          bringing: flags.copy ? 'copy' : flags.link ? 'link' : 'nothing',
          isForced: flags.force,
          mappedFolders: mappedFoldersOf(settings),
          excluded: [resolve(exportsFolder), settings.upsampling.checkpoint_dir],
          ...{ family, parameters, weights },
        },
        ports,
        signal,
      ),
    );
    this.show(formatExport(exported, this.style));
    if (exported.specs.some(({ refusal }) => refusal !== null)) process.exitCode = exitCodes.partial;
    return exportDocument(exported);
  }
}
