import { relative, resolve } from 'node:path';
import { Args, Flags } from '@oclif/core';
import { usageError } from '../errors/app-error.ts';
import { batchUpsample } from '../services/upsample/batch-upsample.ts';
import { createSpec, parseControl } from '../services/upsample/create-spec.ts';
import { inferenceFlags, inferenceLayerOf } from './shared/inference-flags.ts';
import { RunCommand } from './shared/run-command.ts';
import { onQueue, planFlags, progressFlags, runFlags, settingsLayerOf } from './shared/run-flags.ts';
import { toUpsampleRequest } from './shared/upsample-request.ts';
import { upsampleView } from './shared/upsample-view.ts';

export default class CreateSpec extends RunCommand {
  static override summary = 'Make a PromptSpec; with --upsample, enrich it right away.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> harbour --prompt "Cranes at dawn" --video videos/color.mp4 --control depth=videos/depth.mp4',
    '<%= config.bin %> <%= command.id %> harbour --prompt "Cranes at dawn" --video videos/color.mp4 --upsample',
    '<%= config.bin %> <%= command.id %> harbour --prompt "Cranes at dawn" --video videos/color.mp4 --run --weight edge=0.5 --seed 7',
  ];
  static override args = {
    name: Args.string({ description: 'name for people and for the file', required: true }),
  };
  static override flags = {
    prompt: Flags.string({
      required: true,
      description: 'what the video shows, in a few words',
      helpValue: 'TEXT',
    }),
    video: Flags.string({ required: true, description: 'the input video', helpValue: 'PATH' }),
    control: Flags.string({
      multiple: true,
      description: 'a control video, by kind',
      helpValue: 'depth=PATH',
    }),
    'negative-prompt': Flags.string({ description: 'what the video must not show', helpValue: 'TEXT' }),
    dir: Flags.string({ default: 'specs', description: 'folder for the spec', helpValue: 'DIR' }),
    upsample: Flags.boolean({ default: false, description: 'enrich it right away' }),
    run: Flags.boolean({
      default: false,
      description: 'write a RunSpec beside it, with these weights and parameters',
    }),
    ...inferenceFlags,
    ...planFlags,
    ...runFlags,
    ...progressFlags,
  };

  async run(): Promise<object> {
    const { flags, args } = onQueue(await this.parse(CreateSpec));
    assertOfRun(flags);
    const opened = await this.open(flags.config, layerOf(flags));
    const { ports, settings } = opened;
    const { control_weights: weights, parameters } = settings.inference;
    // An unknown host is refused before anything is written.
    ports.host(flags.host ?? 'local');
    const controls = (flags.control ?? []).map((control) => parseControl(control));
    const { path, runSpec } = await createSpec(
      {
        name: args.name,
        prompt: flags.prompt,
        negativePrompt: flags['negative-prompt'] ?? null,
        videoPath: flags.video,
        controlInputs: Object.fromEntries(controls),
        folder: flags.dir,
        run: flags.run ? { weights, parameters } : null,
      },
      ports,
    );
    const created = {
      ...{ version: 1, spec: path },
      run_spec: runSpec && ports.specs.outputPath(flags.dir, runSpec.name),
    };
    for (const file of [created.spec, created.run_spec]) if (file) this.show(`${relative('', file)}\n`);
    if (!flags.upsample) return { ...created, run: null };
    // A run over the enriched specs makes this video, too.
    const enriched = resolve(settings.upsampling.output_dir);
    if (runSpec) await ports.specs.publish(ports.specs.outputPath(enriched, runSpec.name), runSpec.text);
    // Named against the folder of all specs, as a later run over that folder will name it.
    const request = { ...toUpsampleRequest([path], opened, flags), inputRoot: resolve(flags.dir) };
    const run = await this.carryOut(upsampleView, flags, ports, ({ observer, signal }) =>
      batchUpsample(request, ports, observer, signal),
    );
    return { ...created, run };
  }
}

type GivenFlags = Parameters<typeof settingsLayerOf>[0] & Parameters<typeof inferenceLayerOf>[0];

function layerOf(flags: GivenFlags) {
  const { source, values } = settingsLayerOf(flags);
  return { source, values: { ...Object(values), ...Object(inferenceLayerOf(flags).values) } };
}

/** A PromptSpec has no place for how it is run. */
function assertOfRun(flags: GivenFlags & { readonly run: boolean }): void {
  const { map: _map, ...ownFlags } = inferenceFlags;
  const given = flags.run ? [] : namesIn(ownFlags).filter((name) => flags[name] !== undefined);
  if (given.length === 0) return;
  throw usageError(
    `${given.map((name) => `--${name}`).join(', ')} ${given.length > 1 ? 'are' : 'is'} not part of a PromptSpec.`,
    'Add --run to write a RunSpec with it, or give it when the video is made: cosmos run',
  );
}

function namesIn<Flag extends object>(flags: Flag): (keyof Flag)[] {
  return Object.keys(flags) as (keyof Flag)[];
}
