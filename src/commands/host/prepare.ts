import { Flags } from '@oclif/core';
import { formatPrepared } from '../../output/text/prepared-text.ts';
import { hostArgument } from '../shared/arguments.ts';
import { PreparingCommand } from '../shared/preparing-command.ts';
import { progressFlags } from '../shared/run-flags.ts';

export default class HostPrepare extends PreparingCommand {
  static override summary = 'Build or pull the image for workers on a host.';
  static override description =
    'Builds the image on the host itself, through its Docker daemon: no registry is needed, and nothing else is ' +
    'installed. An image that is already there is left as it is. There are three: the usual one has a server for ' +
    'vision-language models, that of --upscaler has ONNX Runtime, and that of --inference a Cosmos model with its own ' +
    'program, from inference.base_image. Any of them will do for what needs no model.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> gpu1',
    '<%= config.bin %> <%= command.id %> gpu1 --upscaler',
    '<%= config.bin %> <%= command.id %> gpu1 --inference',
  ];
  static override args = { name: hostArgument };
  static override flags = {
    upscaler: Flags.boolean({
      default: false,
      description: 'build the image for upscaling with a model instead of the usual one',
      exclusive: ['inference'],
    }),
    inference: Flags.boolean({
      default: false,
      description: 'build the image for running a Cosmos model instead of the usual one',
    }),
    force: Flags.boolean({
      default: false,
      description: 'build or pull again even if the image is there',
    }),
    progress: progressFlags.progress,
  };

  async run(): Promise<object> {
    const { flags, args } = await this.parse(HostPrepare);
    const { ports } = await this.open(flags.config);
    const role = flags.inference ? 'inference' : flags.upscaler ? 'upscaler' : 'upsampler';
    const request = { host: args.name, role, isForced: flags.force } as const;
    const prepared = await this.prepareShown(request, ports, flags.progress);
    this.show(formatPrepared(prepared, role, this.style));
    return prepared;
  }
}
