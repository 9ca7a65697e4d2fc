import { Args } from '@oclif/core';
import { resumeRun } from '../services/resume-run.ts';
import { RunCommand } from './shared/run-command.ts';
import { progressFlags, settingsLayerOf, storeFlags } from './shared/run-flags.ts';

export default class Attach extends RunCommand {
  static override summary = 'Follow a run that goes on by itself, and bring its results home.';
  static override examples = ['<%= config.bin %> <%= command.id %> latest'];
  static override args = {
    run: Args.string({ description: 'run id, run folder, checkpoint.json, or "latest"', required: true }),
  };
  static override flags = { ...storeFlags, ...progressFlags };

  async run(): Promise<object> {
    const { flags, args } = await this.parse(Attach);
    const { ports } = await this.open(flags.config, settingsLayerOf(flags));
    const request = { reference: args.run, inputs: [], given: {}, baseUrl: null, isDetached: false };
    return await this.carryOut(flags, (observer, signal) => resumeRun(request, ports, observer, signal));
  }
}
