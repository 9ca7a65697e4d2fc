import { resolve } from 'node:path';
import { Args } from '@oclif/core';
import { namedBy, resumeRules } from '../core/settings/resume-rules.ts';
import { inferencePlanDocument } from '../output/json/inference-plan-document.ts';
import { formatInferencePlan } from '../output/text/inference/plan-text.ts';
import { planInference } from '../services/inference/plan-inference.ts';
import { resumeInferenceOptions } from '../services/inference/resume-inference.ts';
import { runModels } from '../services/inference/run-models.ts';
import { createNotices } from './shared/create-observer.ts';
import {
  modelRunFlags,
  modelRunLayerOf,
  modelRunOptionsOf,
  promptFlagsOf,
  toInferenceRequest,
} from './shared/inference-request.ts';
import { RunCommand } from './shared/run-command.ts';
import { beginFlags, onQueue, progressFlags, upsampleOptionsOf } from './shared/run-flags.ts';
import { inferenceView } from './shared/run-views.ts';

export default class Run extends RunCommand {
  static override summary = 'Enrich PromptSpecs, then make the videos with a Cosmos model.';
  static override description =
    "One run from prompts to videos: specs are enriched as with batch-upsample, then the model's program makes a video " +
    'of each on the same machine, and each video is downloaded as soon as it is made. Specs that are already ' +
    'enriched go straight to the model.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> ./specs --host gpu1',
    '<%= config.bin %> <%= command.id %> ./specs --host gpu1 --family transfer1 --num-steps 20 --review',
    '<%= config.bin %> <%= command.id %> --resume latest',
  ];
  static override strict = false;
  static override args = {
    specs: Args.string({ description: 'folders (all *.json below them) or files', required: false }),
  };
  static override flags = {
    ...modelRunFlags,
    ...progressFlags,
    ...beginFlags('brings the videos home', 'show the plan and stop'),
  };

  async run(): Promise<object> {
    const { flags, argv } = onQueue(await this.parse(Run));
    const inputs = argv.map((input) => resolve(String(input)));
    const layer = modelRunLayerOf(flags);
    if (flags.resume !== undefined) {
      const kind = inferenceView.kind.format.kind;
      const { ports, reference, settingsOver } = await this.openRun(flags.resume, flags.config, layer, kind);
      const resumed = resumeInferenceOptions({
        prompts: {
          ...{ reference, inputs, settingsOver },
          options: upsampleOptionsOf(promptFlagsOf(flags)),
          named: namedBy(resumeRules.upsample, promptFlagsOf(flags)),
        },
        options: modelRunOptionsOf(flags),
        named: namedBy(resumeRules.inference, flags),
      });
      return await this.resume(inferenceView, flags, ports, resumed);
    }
    const opened = await this.open(flags.config, layer);
    const { ports } = opened;
    const request = toInferenceRequest(inputs, opened, flags);
    if (flags['dry-run']) {
      const plan = await this.interruptibly((signal) =>
        planInference(request, ports, createNotices(), signal),
      );
      this.show(formatInferencePlan(plan, this.style, process.stdout.columns));
      return inferencePlanDocument(plan);
    }
    return await this.carryOut(inferenceView, flags, ports, ({ observer, signal, leave }) =>
      runModels({ ...request, isDetached: flags.detach, leave }, ports, observer, signal),
    );
  }
}
