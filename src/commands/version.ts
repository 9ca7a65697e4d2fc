import { CosmosCommand } from './shared/cosmos-command.ts';

export default class Version extends CosmosCommand {
  static override summary = 'Show the version of cosmos, of Node and of the system.';

  async run(): Promise<object> {
    const { version, userAgent } = this.config;
    this.show(`${userAgent}\n`);
    return { version, node: process.versions.node, platform: process.platform, arch: process.arch };
  }
}
