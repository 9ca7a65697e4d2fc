import { Flags } from '@oclif/core';
import { openFile } from '../composition.ts';
import { endingLines } from '../output/text/ending-text.ts';
import { reportRun } from '../services/runs/read-run.ts';
import { runOrLatest } from './shared/arguments.ts';
import { CosmosCommand } from './shared/cosmos-command.ts';
import { settingsLayerOf, storeFlags } from './shared/run-flags.ts';
import { runKinds, viewOf } from './shared/run-views.ts';

export default class Report extends CosmosCommand {
  static override summary = 'Sum up a run and write its report again.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> latest',
    '<%= config.bin %> <%= command.id %> --open',
  ];
  static override args = { run: runOrLatest };
  static override flags = {
    open: Flags.boolean({
      default: false,
      description:
        'open report.html with the program that your desktop has for it; without a desktop, print its path',
      exclusive: ['json'],
    }),
    ...storeFlags,
  };

  async run(): Promise<object> {
    const { flags, args } = await this.parse(Report);
    const { ports, reference: folder } = await this.openRun(
      args.run,
      flags.config,
      settingsLayerOf(flags),
      undefined,
      'read',
    );
    const { kind, summary } = await reportRun(folder, runKinds, ports);
    if (flags.open) await this.#open(summary.report.html);
    else this.show(viewOf(kind).formatSummary(summary, this.style));
    if (summary.ending && !flags.open) this.show(`\n${endingLines(summary.ending, this.style).join('\n')}\n`);
    const owner = await ports.runs.owner(folder);
    if (owner) this.show(`\nThe run is still running, in process ${owner.pid}.\n`);
    return summary;
  }

  /** The path alone on stdout: another program may be given it. */
  async #open(path: string): Promise<void> {
    if (await openFile(path)) this.logToStderr(`Opened ${path}`);
    else this.show(`${path}\n`);
  }
}
