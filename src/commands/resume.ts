import { Flags, type Interfaces } from '@oclif/core';
import { usageError } from '../errors/app-error.ts';
import { locateRun } from '../services/runs/read-run.ts';
import type { RunKind, RunTypes } from '../services/runs/run-kind.ts';
import BatchUpsample from './batch-upsample.ts';
import Retouch from './retouch.ts';
import Run from './run.ts';
import { runOrLatest } from './shared/arguments.ts';
import { CosmosCommand } from './shared/cosmos-command.ts';
import { modelRunFlags } from './shared/inference-request.ts';
import {
  beginFlags,
  planFlags,
  progressFlags,
  queueFlags,
  runFlags,
  settingsLayerOf,
} from './shared/run-flags.ts';
import { runKinds } from './shared/run-views.ts';
import Upscale from './upscale.ts';

/** The command that begins and resumes the runs of each kind. */
const commands = {
  upsample: BatchUpsample,
  inference: Run,
  upscale: Upscale,
  'upscale-set': Upscale,
  retouch: Retouch,
} as const;

const { 'base-url': baseUrl, model, map, 'checkpoint-dir': checkpointDir, force } = planFlags;
const { review, only, skip } = modelRunFlags;
const { detach } = beginFlags('brings the results home', '');

/** What may be given to a run that began without it: no finished result depends on it. */
const shownFlags = {
  'base-url': baseUrl,
  model: { ...model, description: 'model to ask, where the run has none yet' },
  host: runFlags.host,
  ...queueFlags,
  workers: Flags.string({ description: 'worker processes, or for a video engine processes', helpValue: 'N' }),
  review,
  only,
  skip,
  force: { ...force, description: 'of a video: replace the output if it is there already' },
  map,
  detach: { ...detach, exclusive: [] },
  ...progressFlags,
  'checkpoint-dir': checkpointDir,
};

export default class Resume extends CosmosCommand {
  static override summary = 'Continue a run of any kind: what is finished stays, the rest is done.';
  static override description =
    'Finds out what kind of run it is, and continues it as its own command does with --resume. Timeouts, concurrency, ' +
    'retries, addresses, keys, hosts and workers come from the flags and settings given now; a model or a key that was ' +
    'missing may be added, and max_output_tokens may be raised. Any other setting that differs is refused, with the ' +
    'command of a new run that reuses what is finished.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> latest --host gpu2',
    '<%= config.bin %> <%= command.id %> checkpoints/20260110-093000-a1b2c3 --base-url http://127.0.0.1:8000/v1',
  ];
  static override args = { run: runOrLatest };
  static override flags = { ...hiddenFlags(), ...shownFlags };

  async run(): Promise<object> {
    const { flags, args, raw } = await this.parse(Resume);
    const { ports } = await this.open(
      flags.config,
      settingsLayerOf({ 'checkpoint-dir': flags['checkpoint-dir'] }),
      'locate',
    );
    const { folder, kind } = await locateRun(args.run, runKinds, ports);
    const command = commandOf(kind);
    const given = raw.flatMap((token) => (token.type === 'flag' ? [token] : []));
    const known: Interfaces.FlagInput = {
      ...command.flags,
      ...CosmosCommand.baseFlags,
      json: Flags.boolean(),
    };
    const strange = given.find(({ flag }) => known[flag] === undefined);
    if (strange)
      throw usageError(
        `The run in ${folder} was started by ${kind.command}, which has no --${strange.flag}.`,
        `See what it takes with: ${kind.command} --help`,
      );
    const typed = given.flatMap(({ flag, input }) =>
      known[flag]?.type === 'boolean' ? [input] : [`--${flag}`, input],
    );
    return await new command(['--resume', folder, ...typed], this.config).run();
  }
}

function commandOf({ format }: RunKind<RunTypes>) {
  const [, command] = Object.entries(commands).find(([name]) => name === format.kind) ?? [];
  if (!command) throw new Error(`no command resumes runs of kind ${format.kind}`);
  return command;
}

/**
 * Everything else that the commands of the kinds take. It is read as text and judged by the command of the run's kind, which
 * refuses what finished results depend on, with the command of a new run.
 */
function hiddenFlags(): Interfaces.FlagInput {
  const all = Object.values(commands).flatMap((command) =>
    Object.entries<Interfaces.FlagInput[string]>(command.flags),
  );
  const notOfResume = new Set(['resume', 'dry-run', 'save-plan']);
  return Object.fromEntries(
    all.flatMap(([name, { type, char }]) => {
      if (notOfResume.has(name)) return [];
      const common = { hidden: true, ...(char === undefined ? {} : { char }) };
      const flag =
        type === 'boolean'
          ? Flags.boolean({ ...common, allowNo: true })
          : Flags.string({ ...common, multiple: true, multipleNonGreedy: true });
      return [[name, flag]];
    }),
  );
}
