import { Flags } from '@oclif/core';
import { resolveSettings } from '../../core/settings/resolve-settings.ts';
import { originsOf } from '../../core/settings/settings-origin.ts';
import { formatSettings } from '../../output/text/config-text.ts';
import { notApprovedList } from '../../output/text/trust-text.ts';
import { approvedLayers, readSettings, readSettingsFiles, withApproval } from '../../settings-composition.ts';
import { CosmosCommand } from '../shared/cosmos-command.ts';

export default class ConfigShow extends CosmosCommand {
  static override summary = 'Show the settings that hold here, and which file each comes from.';
  static override description =
    'Without --all, only those that a file sets. Passwords and keys in addresses, commands and requests are left out. Settings of ' +
    'this folder that you have not approved do not count, and are listed below the others.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --all',
  ];
  static override flags = {
    all: Flags.boolean({ default: false, description: 'every setting, those with their default too' }),
  };

  async run(): Promise<object> {
    const { flags } = await this.parse(ConfigShow);
    const loaded = await readSettings({ source: 'the command line', values: {} }, flags.config ?? null);
    const layers = approvedLayers(loaded);
    const settings = originsOf(resolveSettings(layers), layers);
    const shown = flags.all ? settings : settings.filter(({ source }) => source !== null);
    const files = await readSettingsFiles(flags.config ?? null);
    this.show(formatSettings(shown, this.style, process.stdout.columns));
    const { privileged } = loaded;
    const waiting = privileged === null || privileged.isApproved ? null : privileged;
    if (waiting !== null) this.show(`\n${notApprovedList(waiting)}\n`);
    return {
      version: 1,
      settings: this.jsonEnabled() ? settings : shown,
      files: withApproval(files, privileged),
      not_approved: waiting && { path: waiting.path, settings: waiting.settings },
    };
  }
}
