import { relative, resolve } from 'node:path';
import { Args, Flags } from '@oclif/core';
import { batchUpsample } from '../services/upsample/batch-upsample.ts';
import { createSpec, parseControl } from '../services/upsample/create-spec.ts';
import { RunCommand } from './shared/run-command.ts';
import { planFlags, progressFlags, runFlags, settingsLayerOf } from './shared/run-flags.ts';
import { upsampleView } from './shared/run-views.ts';
import { toUpsampleRequest } from './shared/upsample-request.ts';

export default class CreateSpec extends RunCommand {
  static override summary = 'Make a PromptSpec, and with --upsample enrich it at once.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> harbour --prompt "Cranes at dawn" --video videos/color.mp4 --control depth=videos/depth.mp4',
    '<%= config.bin %> <%= command.id %> harbour --prompt "Cranes at dawn" --video videos/color.mp4 --upsample',
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
    upsample: Flags.boolean({ default: false, description: 'enrich it at once' }),
    ...planFlags,
    ...runFlags,
    ...progressFlags,
  };

  async run(): Promise<object> {
    const { flags, args } = await this.parse(CreateSpec);
    const opened = await this.open(flags.config, settingsLayerOf(flags));
    const { ports } = opened;
    // An unknown host is refused before anything is written.
    ports.host(flags.host ?? 'local');
    const controls = (flags.control ?? []).map((control) => parseControl(control));
    const path = await createSpec(
      {
        name: args.name,
        prompt: flags.prompt,
        negativePrompt: flags['negative-prompt'] ?? null,
        videoPath: flags.video,
        controlInputs: Object.fromEntries(controls),
        folder: flags.dir,
      },
      ports,
    );
    this.show(`${relative('', path)}\n`);
    if (!flags.upsample) return { version: 1, spec: path, run: null };
    // Named against the folder of all specs, as a later run over that folder will name it.
    const request = { ...toUpsampleRequest([path], opened, flags), inputRoot: resolve(flags.dir) };
    const run = await this.carryOut(upsampleView, flags, ({ observer, signal }) =>
      batchUpsample(request, ports, observer, signal),
    );
    return { version: 1, spec: path, run };
  }
}
