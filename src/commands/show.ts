import { resolve } from 'node:path';
import { Args } from '@oclif/core';
import type { UpsamplePlan } from '../core/upsample/upsample-plan.ts';
import { AppError } from '../errors/app-error.ts';
import { formatShownSpecs } from '../output/text/show-text.ts';
import type { Ports } from '../ports/ports.ts';
import { showSpec, withPlan } from '../services/specs/show-spec.ts';
import { planSpecs } from '../services/upsample/plan-specs.ts';
import { CosmosCommand } from './shared/cosmos-command.ts';
import { planFlags, settingsLayerOf } from './shared/run-flags.ts';
import { toUpsampleRequest } from './shared/upsample-request.ts';

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
    const opened = await this.open(flags.config, settingsLayerOf(flags), 'read');
    const { settings, ports } = opened;
    const outputDir = resolve(settings.upsampling.output_dir);
    const found = [];
    for (const typed of argv) found.push(...(await showSpec(resolve(String(typed)), outputDir, ports)));
    const isOpen = found.some(({ after }) => after === null);
    const specs = isOpen ? withPlan(found, await this.#planOf(argv, opened, flags)) : found;
    this.show(formatShownSpecs(specs, this.style, process.stdout.columns));
    return { version: 1, specs };
  }

  /** What a run would do with the files; null where it would be refused. */
  async #planOf(
    argv: readonly unknown[],
    opened: Parameters<typeof toUpsampleRequest>[1] & { readonly ports: Ports },
    flags: Parameters<typeof toUpsampleRequest>[2],
  ): Promise<UpsamplePlan | null> {
    const files = [...new Set(argv.map((typed) => resolve(String(typed).replace(/(\.jsonl?)#\d+$/, '$1'))))];
    const request = { ...toUpsampleRequest(files, opened, flags), excluded: [] };
    const silent = { onPlanned: () => undefined, onNotice: () => undefined };
    try {
      return await this.interruptibly((signal) => planSpecs(request, opened.ports, silent, signal));
    } catch (error) {
      if (error instanceof AppError) return null;
      throw error;
    }
  }
}
