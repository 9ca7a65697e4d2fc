import { resolve } from 'node:path';
import { Args } from '@oclif/core';
import { namedBy, resumeRules } from '../core/settings/resume-rules.ts';
import { planDocument } from '../output/json/upsample-plan-document.ts';
import { formatPlan } from '../output/text/upsample/plan-text.ts';
import { batchUpsample } from '../services/upsample/batch-upsample.ts';
import { planSpecs } from '../services/upsample/plan-specs.ts';
import { resumeUpsampleOptions } from '../services/upsample/resume-upsample.ts';
import { createNotices } from './shared/create-observer.ts';
import { RunCommand } from './shared/run-command.ts';
import {
  beginFlags,
  onQueue,
  planFlags,
  progressFlags,
  runFlags,
  selectionFlags,
  settingsLayerOf,
  upsampleOptionsOf,
} from './shared/run-flags.ts';
import { toUpsampleRequest } from './shared/upsample-request.ts';
import { upsampleView } from './shared/upsample-view.ts';

export default class BatchUpsample extends RunCommand {
  static override summary = 'Enrich a folder of PromptSpecs with a vision-language model.';
  static override description =
    'Loads the specs, counts tokens, makes small hint videos where a video is too large for the model, groups ' +
    'specs into batches, has them enriched, and writes the enriched specs. Everything finished is kept: after any ' +
    'interruption, --resume continues the run.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> ./specs --auto-resize',
    '<%= config.bin %> <%= command.id %> ./specs --engine openai --base-url http://127.0.0.1:8000/v1',
    '<%= config.bin %> <%= command.id %> --resume latest',
  ];
  static override strict = false;
  static override args = {
    specs: Args.string({
      description: 'folders (all *.json and *.jsonl below them) or files',
      required: false,
    }),
  };
  static override flags = {
    ...planFlags,
    ...selectionFlags,
    ...runFlags,
    ...progressFlags,
    ...beginFlags('brings the results home', 'show the plan and stop'),
  };

  async run(): Promise<object> {
    const { flags, argv } = onQueue(await this.parse(BatchUpsample));
    const inputs = argv.map((input) => resolve(String(input)));
    const layer = settingsLayerOf(flags);
    if (flags.resume !== undefined) {
      const kind = upsampleView.kind.format.kind;
      const { ports, reference, settingsOver } = await this.openRun(flags.resume, flags.config, layer, kind);
      const resumed = resumeUpsampleOptions({
        ...{ reference, inputs, settingsOver },
        options: upsampleOptionsOf(flags),
        named: namedBy(resumeRules.upsample, flags),
      });
      return await this.resume(upsampleView, flags, ports, resumed);
    }
    const opened = await this.open(flags.config, layer);
    const { ports } = opened;
    const request = toUpsampleRequest(inputs, opened, flags);
    if (flags['dry-run']) {
      const plan = await this.interruptibly((signal) => planSpecs(request, ports, createNotices(), signal));
      this.show(formatPlan(plan, this.style, process.stdout.columns));
      return planDocument(plan);
    }
    return await this.carryOut(upsampleView, flags, ports, ({ observer, signal, leave }) =>
      batchUpsample({ ...request, isDetached: flags.detach, leave }, ports, observer, signal),
    );
  }
}
