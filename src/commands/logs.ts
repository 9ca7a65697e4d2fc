import { Flags } from '@oclif/core';
import { reachableText, unreachableText } from '../output/progress/host-watch.ts';
import { formatLogLines } from '../output/text/log-text.ts';
import { type LogReader, readLogs } from '../services/runs/read-logs.ts';
import { runOrLatest } from './shared/arguments.ts';
import { CosmosCommand } from './shared/cosmos-command.ts';
import { queueAddressFlags, settingsLayerOf, storeFlags } from './shared/run-flags.ts';
import { runKinds } from './shared/run-views.ts';
import { InterruptedError } from './shared/signals.ts';

export default class Logs extends CosmosCommand {
  static override summary = "Show the logs of a run's workers, on this machine or on its host.";
  static override examples = [
    '<%= config.bin %> <%= command.id %> latest',
    '<%= config.bin %> <%= command.id %> latest --follow',
  ];
  static override args = { run: runOrLatest };
  static override flags = {
    follow: Flags.boolean({
      char: 'f',
      default: false,
      description: 'keep showing new lines until the run ends or you press Ctrl-C',
      exclusive: ['json'],
    }),
    engine: Flags.boolean({
      default: false,
      description: 'the log of the model server that the worker started',
    }),
    worker: Flags.integer({ min: 0, max: 63, description: 'one worker only', helpValue: 'N' }),
    lines: Flags.integer({
      char: 'n',
      min: 0,
      max: 1_000_000,
      default: 200,
      description: 'number of last lines of each worker (default: 200)',
      helpValue: 'N',
    }),
    ...storeFlags,
    ...queueAddressFlags,
  };

  async run(): Promise<object> {
    const { flags, args } = await this.parse(Logs);
    const { ports, reference } = await this.openRun(
      args.run,
      flags.config,
      settingsLayerOf({ 'checkpoint-dir': flags['checkpoint-dir'], queue: flags.queue, store: flags.store }),
    );
    const request = {
      reference,
      isOfEngine: flags.engine,
      workerId: flags.worker ?? null,
      lines: flags.lines,
      isFollowing: flags.follow,
    };
    // Ctrl-C is how following ends: nothing is to be saved, and nothing needs to be said.
    const quiet = { notify: () => undefined, leave: () => undefined };
    const reading = this.interruptibly(
      (signal) => readLogs(request, runKinds, ports, this.#reader, signal),
      quiet,
    );
    return await reading.catch((error: unknown) => {
      if (!flags.follow || !(error instanceof InterruptedError)) throw error;
      process.exitCode = error.exitCode;
      return {};
    });
  }

  get #reader(): LogReader {
    return {
      onLines: (workerId, lines, workers) => this.show(formatLogLines(workerId, lines, workers)),
      onUnreachable: (host, message) =>
        this.logToStderr(unreachableText(host, new Date().toISOString(), message)),
      onReachable: (host) => this.logToStderr(reachableText(host)),
    };
  }
}
