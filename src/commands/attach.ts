import { kindNamed } from '../services/runs/read-run.ts';
import { asItWasBegun } from '../services/runs/resume-run.ts';
import { requiredRun } from './shared/arguments.ts';
import { RunCommand } from './shared/run-command.ts';
import { progressFlags, settingsLayerOf, storeFlags } from './shared/run-flags.ts';
import { runKinds, viewOf } from './shared/run-views.ts';

export default class Attach extends RunCommand {
  static override summary = 'Follow a run that goes on by itself, and bring its results home.';
  static override examples = ['<%= config.bin %> <%= command.id %> latest'];
  static override args = { run: requiredRun };
  static override flags = { ...storeFlags, ...progressFlags };

  async run(): Promise<object> {
    const { flags, args } = await this.parse(Attach);
    const { ports } = await this.open(flags.config, settingsLayerOf(flags));
    const { folder, kind } = await ports.runs.locate(args.run);
    kindNamed(kind, folder, runKinds);
    return await this.resume(viewOf(kind), flags, ports, asItWasBegun(folder));
  }
}
