import { formatSettingsFiles } from '../../output/text/config-text.ts';
import { readSettings, readSettingsFiles, withApproval } from '../../settings-composition.ts';
import { CosmosCommand } from '../shared/cosmos-command.ts';

export default class ConfigPath extends CosmosCommand {
  static override summary = 'Print where the settings files are, weakest first, and which are used.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  async run(): Promise<object> {
    const { flags } = await this.parse(ConfigPath);
    const found = await readSettingsFiles(flags.config ?? null);
    const { privileged } = await readSettings(
      { source: 'the command line', values: {} },
      flags.config ?? null,
    );
    const files = withApproval(found, privileged);
    this.show(formatSettingsFiles(files, this.style));
    return { version: 1, files };
  }
}
