import { Flags } from '@oclif/core';
import { formatPrepared } from '../../output/prepared-text.ts';
import { prepareHost } from '../../services/prepare-host.ts';
import { CosmosCommand } from '../shared/cosmos-command.ts';
import { createStepObserver } from '../shared/create-observer.ts';
import { hostArgument } from '../shared/host-argument.ts';
import { progressFlags } from '../shared/run-flags.ts';

export default class HostPrepare extends CosmosCommand {
  static override summary = "Make the workers' image on a host, or pull it.";
  static override description =
    'Builds the image on the host itself, through its Docker engine: no registry is needed, and nothing is installed ' +
    'beside it. An image that is there already is left as it is.';
  static override examples = ['<%= config.bin %> <%= command.id %> gpu1'];
  static override args = { name: hostArgument };
  static override flags = {
    force: Flags.boolean({
      default: false,
      description: 'build or pull again, also when the image is there',
    }),
    progress: progressFlags.progress,
  };

  async run(): Promise<object> {
    const { flags, args } = await this.parse(HostPrepare);
    const { ports } = await this.open(flags.config);
    const request = { host: args.name, isForced: flags.force };
    const steps = createStepObserver(flags.progress && !this.jsonEnabled());
    const prepared = await this.interruptibly(
      (signal) => prepareHost(request, ports, (step) => steps.onStep(step), signal),
      {
        tell: () => steps.onNotice('Stopping. Press Ctrl-C again to stop at once.'),
        leave: () => steps.onEnd(),
      },
    ).finally(() => steps.onEnd());
    this.show(formatPrepared(prepared, this.style));
    return prepared;
  }
}
