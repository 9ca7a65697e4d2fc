import { resolve } from 'node:path';
import { Args } from '@oclif/core';
import { formatShownSpecs } from '../output/text/show-text.ts';
import { showSpec } from '../services/specs/show-spec.ts';
import { CosmosCommand } from './shared/cosmos-command.ts';
import { planFlags, settingsLayerOf } from './shared/run-flags.ts';

export default class Show extends CosmosCommand {
  static override summary = 'Show a spec in the terminal: the prompt before and after, and its tokens.';
  static override description =
    'Takes a source spec, whose enriched spec is looked for in the output folder, or an enriched spec.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> specs/harbour.json',
    '<%= config.bin %> <%= command.id %> outputs/upsampled/harbour.json',
  ];
  static override strict = false;
  static override args = {
    spec: Args.string({
      description: 'specs: JSON files, or FILE#N for one of several in a file',
      required: true,
    }),
  };
  static override flags = { 'output-dir': planFlags['output-dir'] };

  async run(): Promise<object> {
    const { flags, argv } = await this.parse(Show);
    const { settings, ports } = await this.open(flags.config, settingsLayerOf(flags));
    const outputDir = resolve(settings.upsampling.output_dir);
    const specs = [];
    for (const typed of argv) specs.push(...(await showSpec(resolve(String(typed)), outputDir, ports)));
    this.show(formatShownSpecs(specs, this.style, process.stdout.columns));
    return { version: 1, specs };
  }
}
