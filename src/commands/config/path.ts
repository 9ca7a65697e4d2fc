import { readSettingsFiles } from '../../composition.ts';
import { formatSettingsFiles } from '../../output/text/config-text.ts';
import { CosmosCommand } from '../shared/cosmos-command.ts';

export default class ConfigPath extends CosmosCommand {
  static override summary = 'Print where the settings files are, weakest first, and which are used.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  async run(): Promise<object> {
    const { flags } = await this.parse(ConfigPath);
    const files = await readSettingsFiles(flags.config ?? null);
    this.show(formatSettingsFiles(files, this.style));
    return { version: 1, files };
  }
}
