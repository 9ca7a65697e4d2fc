import { hostStatusDocument } from '../../output/json/host-status-document.ts';
import { formatHostStatus } from '../../output/text/host-status-text.ts';
import { hostStatus } from '../../services/hosts/host-upkeep.ts';
import { hostArgument } from '../shared/arguments.ts';
import { CosmosCommand } from '../shared/cosmos-command.ts';

export default class HostStatus extends CosmosCommand {
  static override summary = 'Show the state of a host: workers, engine, runs, GPU memory, disk.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> gpu1',
    '<%= config.bin %> <%= command.id %> local',
  ];
  static override args = { name: hostArgument };

  async run(): Promise<object> {
    const { flags, args } = await this.parse(HostStatus);
    const { ports } = await this.open(flags.config);
    const facts = await hostStatus(args.name, ports);
    this.show(formatHostStatus(facts, this.style, ports.clock.now()));
    return hostStatusDocument(facts);
  }
}
