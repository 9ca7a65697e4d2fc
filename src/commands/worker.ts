import { hostname } from 'node:os';
import { Flags } from '@oclif/core';
import { printableLines } from '../core/printable.ts';
import { usageError } from '../errors/app-error.ts';
import { openQueueWorker } from '../machine-composition.ts';
import type { TakenJob } from '../ports/job-queue.ts';
import { segmentKinds } from '../protocol/manifest.ts';
import { finalizeRun } from '../services/workers/finalize-run.ts';
import { serveQueue } from '../services/workers/serve-queue.ts';
import { CosmosCommand } from './shared/cosmos-command.ts';
import { queueAddressFlags, queueLayerOf } from './shared/run-flags.ts';

const takenKinds = ['upsample', 'upscale', 'retouch', 'inference'] as const;

export default class WorkerCommand extends CosmosCommand {
  static override id = 'worker';
  static override summary = 'Work for a queue: do the jobs of its runs on this machine.';
  static override description =
    'Takes one job after another in each slot and does it with the engines of this machine; results go to the ' +
    'store. Ctrl-C gives back what is not finished within a few seconds. The password of the queue is read from the ' +
    'environment variable that queue.password_env names.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --queue redis://farm:6379 --store /mnt/farm',
    '<%= config.bin %> <%= command.id %> --kinds upscale --slots 2 --drain',
  ];
  static override flags = {
    ...queueAddressFlags,
    slots: Flags.integer({
      min: 1,
      max: 64,
      default: 1,
      description: 'jobs done in parallel',
      helpValue: 'N',
    }),
    kinds: Flags.string({
      default: takenKinds.join(','),
      description: `kinds of jobs to take: ${takenKinds.join(', ')}`,
      helpValue: 'LIST',
    }),
    drain: Flags.boolean({ default: false, description: 'end when nothing is left to do' }),
    name: Flags.string({
      description: 'name of this worker (default: that of the machine)',
      helpValue: 'NAME',
    }),
  };

  async run(): Promise<object> {
    const { flags } = await this.parse(WorkerCommand);
    const { settings, ports } = await this.open(flags.config, {
      source: 'the command line',
      values: queueLayerOf(flags),
    });
    const kinds = kindsOf(flags.kinds);
    const name = nameOf(flags.name ?? hostname());
    const worker = await openQueueWorker(settings, { name, slots: flags.slots });
    const log = (line: string) => this.logToStderr(`${new Date().toISOString()} ${printableLines(line)}`);
    const finalize = (job: TakenJob, signal: AbortSignal) =>
      finalizeRun(job, { ...worker, ports, log }, signal);
    const options = { machine: hostname(), pid: process.pid, kinds, isDraining: flags.drain };
    const deps = {
      ...worker,
      clock: ports.clock,
      log,
      finalize,
    };
    try {
      await this.interruptibly((signal) => serveQueue(options, deps, signal));
    } finally {
      await worker.source.close(worker.place.name);
      await worker.place.release();
      await worker.store.close();
    }
    return { version: 1, name: worker.place.name };
  }
}

function kindsOf(text: string) {
  const names = text.split(',').map((name) => name.trim());
  const strange = names.find((name) => !takenKinds.some((kind) => kind === name));
  if (strange !== undefined)
    throw usageError(
      `--kinds ${text}: there is no kind "${strange}".`,
      `Kinds are ${takenKinds.join(', ')}.`,
    );
  const kinds = takenKinds.filter((kind) => names.includes(kind));
  // A worker that makes segments can put them together.
  return kinds.some((kind) => segmentKinds.has(kind)) ? ([...kinds, 'finalize'] as const) : kinds;
}

/** It names folders and files. */
function nameOf(text: string): string {
  if (/^[A-Za-z0-9][\w.-]{0,99}$/.test(text)) return text;
  throw usageError(
    `--name ${JSON.stringify(text)} is not a valid name.`,
    'Use letters, digits, ".", "_" and "-".',
  );
}
