import { resolve } from 'node:path';
import { Flags, type Interfaces } from '@oclif/core';
import { parseSize } from '../../core/hints/display-size.ts';
import { isModelName } from '../../core/models/built-in-models.ts';
import { queueHostName } from '../../core/settings/host-named.ts';
import type { SettingsLayer } from '../../core/settings/resolve-settings.ts';
import { parseMappedFolder } from '../../core/spec/path-map.ts';
import { estimatorNames } from '../../core/tokens/estimator.ts';
import { parseKeepTime } from '../../core/upkeep/keep-time.ts';
import { maxVariants } from '../../core/upsample/request-shape.ts';
import type { UpsampleOptions } from '../../core/upsample/upsample-settings.ts';
import { usageError } from '../../errors/app-error.ts';

const count = (options: { description: string; max?: number }) =>
  Flags.integer({ min: 1, helpValue: 'N', ...options });

export const storeFlags = {
  'checkpoint-dir': Flags.string({
    description: 'where runs are kept (default: ./checkpoints)',
    helpValue: 'DIR',
  }),
};

/** How long things are kept. */
export const keepFlag = (usual: string, description: string) =>
  Flags.string({ default: usual, description, helpValue: 'TIME' });

/** Milliseconds of `--keep`. @throws AppError `usage-invalid`. */
export function keepMsOf(text: string): number {
  const keepMs = parseKeepTime(text);
  if (keepMs !== null) return keepMs;
  const nextStep = 'Give a number with a unit: 30m, 12h, 7d or 2w; 0 keeps only what is needed.';
  throw usageError(`--keep ${text}: not a time span.`, nextStep);
}

const queueAddress = { helpValue: 'URL', exclusive: ['host'] };

/** Where a queue is, for commands that look something up there. */
export const queueAddressFlags = {
  queue: Flags.string({
    ...queueAddress,
    description: 'address of the queue: redis://HOST:6379, or rediss:// with TLS (default: queue.url)',
  }),
  store: Flags.string({
    description: 'folder that all machines of the queue share (default: queue.store)',
    helpValue: 'PATH',
  }),
};

/** The same for runs. */
export const queueFlags = {
  queue: Flags.string({
    ...queueAddress,
    description: 'run on the workers of a queue: redis://HOST:6379, or rediss:// with TLS',
  }),
  store: queueAddressFlags.store,
};

/** Naming a queue means running on it. */
export function onQueue<
  Parsed extends { readonly flags: { host?: string | undefined; queue?: string | undefined } },
>(parsed: Parsed): Parsed {
  const { flags } = parsed;
  return flags.queue === undefined ? parsed : { ...parsed, flags: { ...flags, host: queueHostName } };
}

/** The flags of a queue as a layer of settings. */
export function queueLayerOf({
  queue: url,
  store,
}: {
  queue?: string | undefined;
  store?: string | undefined;
}) {
  const queue = withoutMissing({ url, store });
  return Object.keys(queue).length > 0 ? { queue } : {};
}

/** Where things are that specs name. */
export const pathFlags = {
  map: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    description: 'a folder on another machine, as specs name it, and where it is here: F:/Art=/mnt/art',
    helpValue: 'FROM=TO',
    parse: async (text) => {
      if (parseMappedFolder(text)) return text;
      const example = 'Give both folders: --map F:/Art=/mnt/art';
      throw usageError(`--map ${JSON.stringify(text)} is not FROM=TO.`, example);
    },
  }),
};

/** Flags that decide the plan. No defaults here: those are the settings'. */
export const planFlags = {
  'auto-resize': Flags.boolean({
    allowNo: true,
    description: 'make a small hint video where a video is too large for the model (default: yes)',
  }),
  'max-resolution': Flags.string({
    description:
      'largest size of the frames the model sees (default: 320x180); auto: what "cosmos limits" measured, else the largest that fits',
    helpValue: 'WIDTHxHEIGHT|auto',
    parse: async (text) => {
      if (text === 'auto' || parseSize(text)) return text;
      const problem = `--max-resolution ${text}: neither auto nor a size.`;
      throw usageError(problem, 'A size is WIDTHxHEIGHT in pixels, such as 320x180.');
    },
  }),
  'batch-size': count({ description: 'most specs in a batch (default: 10)' }),
  'batch-tokens': count({ description: 'most tokens in a batch (default: 40960)' }),
  estimator: Flags.string({
    options: estimatorNames,
    description: 'how vision tokens are counted (default: linear, which is safe for any model)',
  }),
  engine: Flags.string({
    options: ['describe', 'openai'],
    description:
      'what enriches: describe (embedded, no model; the default) or openai (any compatible server)',
  }),
  'base-url': Flags.string({
    description: 'address of the OpenAI-compatible server; implies --engine openai',
    helpValue: 'URL',
  }),
  model: Flags.string({
    description: 'model to ask, as the server names it; implies --engine openai',
    helpValue: 'NAME',
  }),
  variants: count({
    description: 'prompts to make from each spec, with different seeds (default: 1)',
    max: maxVariants,
  }),
  'output-dir': Flags.string({
    description: 'where enriched specs go (default: outputs/upsampled)',
    helpValue: 'DIR',
  }),
  ...pathFlags,
  ...storeFlags,
  force: Flags.boolean({
    default: false,
    description: 'redo specs that are already enriched, and ignore earlier results',
  }),
  'allow-text-only': Flags.boolean({
    default: false,
    description: 'enrich specs without a video from their words alone',
  }),
};

/** Which of the specs that are found are worked on. */
export const selectionFlags = {
  only: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    description: 'work on these specs alone: a path, a folder, or a pattern with *',
    helpValue: 'SPEC',
  }),
  skip: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    description: 'leave these specs out',
    helpValue: 'SPEC',
  }),
  limit: count({ description: 'work on the first N specs alone, to try something out' }),
};

/** Flags of a run that a plan does not need. */
export const runFlags = {
  host: Flags.string({
    description: 'machine to run on (default: local), several of them, or a pool of the settings',
    helpValue: 'NAME[,NAME...]',
  }),
  ...queueFlags,
  workers: count({ description: 'worker processes (default: 1)', max: 64 }),
  'write-back': Flags.boolean({
    default: false,
    description: 'also write each enriched spec over its source',
  }),
};

export function beginFlags(detached: string, dryRun: string) {
  return {
    resume: Flags.string({
      description: 'continue a run: its checkpoint.json, folder or id, or "latest"',
      helpValue: 'PATH|RUN|latest',
    }),
    detach: Flags.boolean({
      default: false,
      description: `submit everything and leave; "cosmos attach" ${detached}`,
      exclusive: ['dry-run'],
    }),
    'dry-run': Flags.boolean({ default: false, description: dryRun, exclusive: ['resume'] }),
  };
}

export const progressFlags = {
  progress: Flags.boolean({ allowNo: true, default: true, description: 'show progress on stderr' }),
  events: Flags.string({
    description: 'write every step as a line of JSON; - for stdout',
    helpValue: 'PATH|-',
    // A run of another folder is continued there.
    parse: async (path) => (path === '-' ? path : resolve(path)),
  }),
};

export type GivenRunFlags = Partial<
  Interfaces.InferredFlags<typeof planFlags & typeof runFlags & typeof selectionFlags>
>;

/** The flags as a layer over the settings files, by the names of `config.toml`. */
export function settingsLayerOf(flags: GivenRunFlags): SettingsLayer {
  const upsampling = withoutMissing({
    auto_resize: flags['auto-resize'],
    safe_resolution: flags['max-resolution'],
    batch_size: flags['batch-size'],
    batch_tokens: flags['batch-tokens'],
    estimator: flags.estimator,
    variants: flags.variants,
    output_dir: flags['output-dir'],
    checkpoint_dir: flags['checkpoint-dir'],
  });
  // A user who names a server or a model means the engine that has one.
  const isServerNamed = flags['base-url'] !== undefined || flags.model !== undefined;
  const kind = flags.engine ?? (isServerNamed ? 'openai' : undefined);
  const engine = withoutMissing({ kind, base_url: flags['base-url'], model: flags.model });
  const values = { upsampling: { ...upsampling, engine }, paths: pathsOf(flags.map), ...queueLayerOf(flags) };
  return { source: 'the command line', values };
}

/** Settings that are paths on this machine, where flags may say them. */
const pathSettings = [
  ['upsampling', 'output_dir'],
  ['upsampling', 'checkpoint_dir'],
  ['upscaling', 'model'],
  ['retouching', 'model'],
  ['inference', 'videos_dir'],
  ['queue', 'store'],
] as const;

/** The same settings, with paths that hold in any folder. @param folder - Where they were typed. */
export function withAbsolutePaths(layer: SettingsLayer, folder: string): SettingsLayer {
  const values = structuredClone(layer.values) as Record<string, Record<string, unknown> | undefined>;
  for (const [table, key] of pathSettings) {
    const path = values[table]?.[key];
    if (table === 'upscaling' && typeof path === 'string' && isModelName(path)) continue;
    if (values[table] && typeof path === 'string' && path !== '' && !path.includes('://'))
      values[table][key] = resolve(folder, path);
  }
  return { ...layer, values };
}

/** `[paths]` as flags say it. */
export function pathsOf(map: readonly string[] = []) {
  const folders = map.flatMap((text) => parseMappedFolder(text) ?? []);
  return { map: Object.fromEntries(folders.map(({ from, to }) => [from, to])) };
}

/** What flags say of a run that is no setting of `config.toml`. */
export function upsampleOptionsOf(flags: GivenRunFlags) {
  return withoutMissing({
    outputDir: flags['output-dir'] && resolve(flags['output-dir']),
    host: flags.host,
    workers: flags.workers,
    writeBack: flags['write-back'],
    force: flags.force,
    allowTextOnly: flags['allow-text-only'],
    ...selectionIn(flags),
  }) as Partial<Omit<UpsampleOptions, 'named'>>;
}

/** What flags of a selection say. */
export function selectionIn({ only, skip, limit }: Pick<GivenRunFlags, 'only' | 'skip' | 'limit'>) {
  return { only, skip, limit };
}

export function withoutMissing<Values extends object>(values: Values): Partial<Values> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as Partial<Values>;
}
