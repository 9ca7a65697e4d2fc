import { Args } from '@oclif/core';
import { resumeRun } from '../services/upsample/resume-run.ts';
import { resumeUpscale } from '../services/upscale/resume-upscale.ts';
import { progressFlags, settingsLayerOf, storeFlags } from './shared/run-flags.ts';
import { UpscaleCommand } from './shared/upscale-command.ts';

export default class Attach extends UpscaleCommand {
  static override summary = 'Follow a run that goes on by itself, and bring its results home.';
  static override examples = ['<%= config.bin %> <%= command.id %> latest'];
  static override args = {
    run: Args.string({ description: 'run id, run folder, checkpoint.json, or "latest"', required: true }),
  };
  static override flags = { ...storeFlags, ...progressFlags };

  async run(): Promise<object> {
    const { flags, args } = await this.parse(Attach);
    const { ports } = await this.open(flags.config, settingsLayerOf(flags));
    const { folder: reference, kind } = await ports.runs.locate(args.run);
    if (kind === 'upscale') {
      const request = { reference, input: null, output: null, given: [], isDetached: false, isForced: false };
      return await this.carryOutUpscale(flags, (observer, signal) =>
        resumeUpscale(request, ports, observer, signal),
      );
    }
    const request = { reference, inputs: [], given: {}, baseUrl: null, isDetached: false };
    return await this.carryOut(flags, (observer, signal) => resumeRun(request, ports, observer, signal));
  }
}
