import { Flags } from '@oclif/core';
import { formatHosts } from '../../output/text/host-list-text.ts';
import { checkHosts, listHosts } from '../../services/hosts/list-hosts.ts';
import { CosmosCommand } from '../shared/cosmos-command.ts';

export default class HostList extends CosmosCommand {
  static override summary = 'List the hosts of your settings.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --check',
  ];
  static override flags = {
    check: Flags.boolean({
      default: false,
      description: 'also ask each host which images it has; without it nothing is contacted',
    }),
  };

  async run(): Promise<object> {
    const { flags } = await this.parse(HostList);
    const { settings, ports } = await this.open(flags.config);
    const listed = listHosts(settings);
    const hosts = flags.check ? await checkHosts(listed, ports) : listed;
    this.show(formatHosts(hosts, this.style, process.stdout.columns));
    return { version: 1, hosts };
  }
}
