import { Flags } from '@oclif/core';
import { readSettingsLayers } from '../../composition.ts';
import { resolveSettings } from '../../core/settings/resolve-settings.ts';
import { originsOf } from '../../core/settings/settings-origin.ts';
import { formatSettings } from '../../output/text/config-text.ts';
import { CosmosCommand } from '../shared/cosmos-command.ts';

export default class ConfigShow extends CosmosCommand {
  static override summary = 'Show the settings that hold here, and which file each comes from.';
  static override description =
    'Without --all, only those that a file sets. Passwords and keys in addresses, commands and requests are left out.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --all',
  ];
  static override flags = {
    all: Flags.boolean({ default: false, description: 'every setting, those with their default too' }),
  };

  async run(): Promise<object> {
    const { flags } = await this.parse(ConfigShow);
    const layers = await readSettingsLayers({ source: 'the command line', values: {} }, flags.config ?? null);
    const settings = originsOf(resolveSettings(layers), layers);
    const shown = flags.all ? settings : settings.filter(({ source }) => source !== null);
    this.show(formatSettings(shown, this.style, process.stdout.columns));
    return { version: 1, settings: this.jsonEnabled() ? settings : shown };
  }
}
