import { Flags } from '@oclif/core';
import { writeStartingSettings } from '../../settings-composition.ts';
import { CosmosCommand } from '../shared/cosmos-command.ts';

export default class ConfigInit extends CosmosCommand {
  static override summary = 'Write a config.toml that has every setting, commented out, with what it means.';
  static override description =
    'Nothing changes until you remove the # before a setting. Settings that name programs, servers, keys and machines are best ' +
    'kept in your own file (--user), where they count at once; in ./config.toml they need an approval: cosmos trust.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --user',
  ];
  static override flags = {
    user: Flags.boolean({
      default: false,
      description: 'your own file, for every folder, and not ./config.toml',
    }),
    force: Flags.boolean({ default: false, description: 'replace a file that is there' }),
  };

  async run(): Promise<object> {
    const { flags } = await this.parse(ConfigInit);
    const path = await writeStartingSettings({
      configPath: flags.config ?? null,
      isForUser: flags.user,
      mayReplace: flags.force,
    });
    this.show(`${path} is written. Remove the # before what you change.\n`);
    return { version: 1, path };
  }
}
