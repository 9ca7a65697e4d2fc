import { resolve } from 'node:path';
import { Args, Flags } from '@oclif/core';
import { AppError } from '../errors/app-error.ts';
import { formatApprovals, formatRevoked, formatTrusted } from '../output/text/trust-text.ts';
import { locateRun } from '../services/runs/read-run.ts';
import { revokeApprovals } from '../settings-composition.ts';
import {
  type Approvable,
  findApprovable,
  listApprovals,
  type Trusted,
  trustSettings,
} from '../trust-composition.ts';
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
      description:
        'folder with a config.toml, the file itself, or a run: its folder, id or latest (default: this folder)',
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
    const { settings, runs } = await this.#find(args.path, flags.config);
    const approved: Trusted[] = [];
    for (const file of settings) approved.push(await trustSettings(file));
    for (const folder of runs) approved.push(await this.#trustRun(folder, flags.config));
    this.show(formatTrusted(approved, this.style));
    return { version: 1, approved };
  }

  /** What is there at a path, or the run that goes by this name. */
  async #find(given: string, configPath: string | undefined): Promise<Approvable> {
    try {
      return await findApprovable(resolve(given));
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'input-missing' || /[\\/]/.test(given)) throw error;
      const { ports } = await this.open(configPath, undefined, 'locate');
      const located = await ports.runs.locate(given).catch(() => null);
      if (located === null) throw error;
      return { settings: [], runs: [located.folder] };
    }
  }

  async #trustRun(folder: string, configPath: string | undefined): Promise<Trusted> {
    const { ports } = await this.open(configPath, undefined, 'locate');
    const { kind } = await locateRun(folder, runKinds, ports);
    const { settings, wasApproved: was_approved } = await ports.runs.approve(kind.format, folder);
    return { kind: 'run', path: folder, settings, was_approved };
  }
}
