import { resolve } from 'node:path';
import { Args, Flags } from '@oclif/core';
import { formatApprovals, formatRevoked, formatTrusted } from '../output/text/trust-text.ts';
import { locateRun } from '../services/runs/read-run.ts';
import { revokeApprovals } from '../settings-composition.ts';
import { findApprovable, listApprovals, type Trusted, trustSettings } from '../trust-composition.ts';
import { CosmosCommand } from './shared/cosmos-command.ts';
import { runKinds } from './shared/run-views.ts';

export default class Trust extends CosmosCommand {
  static override summary = 'Approve the settings of a folder, or a run, that you did not make yourself.';
  static override description =
    'A config.toml that came with a folder may name programs to run, servers, keys and machines. Those settings count only ' +
    'once you approve them, here or when a command asks. This shows what it approves, and remembers it until the ' +
    'settings change. A run that you started yourself needs no approval.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> ./project/config.toml',
    '<%= config.bin %> <%= command.id %> checkpoints/20260110-093000-a1b2c3',
    '<%= config.bin %> <%= command.id %> --list',
  ];
  static override args = {
    path: Args.string({
      description: 'folder with a config.toml, the file itself, or a run folder (default: this folder)',
      default: '.',
    }),
  };
  static override flags = {
    list: Flags.boolean({ default: false, description: 'list what you approved', exclusive: ['revoke'] }),
    revoke: Flags.boolean({ default: false, description: 'take the approval back' }),
  };

  async run(): Promise<object> {
    const { args, flags } = await this.parse(Trust);
    const path = resolve(args.path);
    if (flags.list) {
      const approvals = await listApprovals();
      this.show(formatApprovals(approvals, this.style));
      return { version: 1, approvals };
    }
    if (flags.revoke) {
      const revoked = await revokeApprovals(path);
      this.show(formatRevoked(path, revoked));
      return { version: 1, revoked };
    }
    const { settings, runs } = await findApprovable(path);
    const approved: Trusted[] = [];
    for (const file of settings) approved.push(await trustSettings(file));
    for (const folder of runs) approved.push(await this.#trustRun(folder, flags.config));
    this.show(formatTrusted(approved, this.style));
    return { version: 1, approved };
  }

  async #trustRun(folder: string, configPath: string | undefined): Promise<Trusted> {
    const { ports } = await this.open(configPath, undefined, 'locate');
    const { kind } = await locateRun(folder, runKinds, ports);
    const { settings, wasApproved: was_approved } = await ports.runs.approve(kind.format, folder);
    return { kind: 'run', path: folder, settings, was_approved };
  }
}
