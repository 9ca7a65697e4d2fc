import { Args, Flags } from '@oclif/core';
import { modelsDocument } from '../output/json/models-document.ts';
import { formatModels } from '../output/text/models-text.ts';
import { listNetworks } from '../services/models/list-networks.ts';
import { CosmosCommand } from './shared/cosmos-command.ts';

export default class Models extends CosmosCommand {
  static override summary = 'List the networks that upscale, and how quick they are on this machine.';
  static override description =
    'Built-in networks are used by name, as in "cosmos upscale clip.mp4 --model esrgan-slim", and so are ONNX files in your own ' +
    'folder of models.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> esrgan-slim --measure',
  ];
  static override strict = false;
  static override args = { model: Args.string({ description: 'only these', required: false }) };
  static override flags = {
    measure: Flags.boolean({
      default: false,
      description: 'compute with each for some seconds first, and keep how quick it was',
    }),
  };

  async run(): Promise<object> {
    const { flags, argv } = await this.parse(Models);
    const { ports } = await this.open(flags.config, undefined, 'read');
    const request = { names: argv.map(String), isMeasured: flags.measure };
    const onMeasure = (name: string) => this.logToStderr(`Measuring ${name}`);
    const models = await this.interruptibly((signal) => listNetworks(request, ports, onMeasure, signal));
    this.show(formatModels(models, ports.modelLibrary.userFolder, this.style, process.stdout.columns));
    return modelsDocument(models, ports.modelLibrary.userFolder);
  }
}
