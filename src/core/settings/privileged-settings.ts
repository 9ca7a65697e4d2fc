import { createHash } from 'node:crypto';
import { type Settings, settingsSchema } from './settings-schema.ts';

/**
 * What a setting may do when it comes with a folder that somebody else made.
 *
 * - `free`: changes how the work is done, and nothing else.
 * - `approval`: runs a program, sends something, reads an environment variable or names another machine.
 * - `place`: a path, which counts without approval only where it stays inside the folder of its file.
 * - `address`: as `approval`, but for a server on this machine that is sent no key.
 */
type SettingClass = 'free' | 'approval' | 'place' | 'address';

type ClassesOf<T> = { readonly [Key in keyof T]-?: ClassOf<NonNullable<T[Key]>> };
type ClassOf<T> = T extends string | number | boolean | readonly unknown[]
  ? SettingClass
  : string extends keyof T
    ? SettingClass
    : ClassesOf<T> | 'approval';

/** Every setting is here: one that is missing does not compile. */
const classes: ClassesOf<Settings> = {
  upsampling: {
    max_tokens: 'free',
    safe_resolution: 'free',
    frames_to_extract: 'free',
    fps_for_hints: 'free',
    batch_size: 'free',
    batch_tokens: 'free',
    auto_resize: 'free',
    estimator: 'free',
    prompt_format: 'free',
    variants: 'free',
    output_dir: 'place',
    checkpoint_dir: 'place',
    docker: { num_gpu: 'free', cuda_devices: 'free', offload_models: 'free' },
    engine: {
      kind: 'free',
      base_url: 'address',
      model: 'free',
      api_key_env: 'approval',
      concurrency: 'free',
      max_output_tokens: 'free',
      temperature: 'free',
      top_p: 'free',
      top_k: 'free',
      presence_penalty: 'free',
      seed: 'free',
      request_timeout_s: 'free',
      instruction: 'free',
      system_prompt: 'free',
      message_order: 'free',
      // A gateway may take addresses and programs from it.
      extra_body: 'approval',
      command: 'approval',
    },
  },
  upscaling: {
    engine: 'free',
    model: 'place',
    scale: 'free',
    size: 'free',
    deinterlace: 'free',
    denoise: 'free',
    batch_size: 'free',
    tile: 'free',
    workers: 'free',
    dedupe: 'free',
    codec: 'free',
    encoder: 'free',
    crf: 'free',
    qp: 'free',
    bitrate: 'free',
    preset: 'free',
    pixel_format: 'free',
    // Only those that name neither a file nor a device are taken.
    encoder_options: 'free',
  },
  retouching: {
    engine: 'free',
    strength: 'free',
    color: 'free',
    detect_confidence: 'free',
    dilate: 'free',
    feather: 'free',
    margin: 'free',
    model: 'place',
    model_mask: 'free',
    model_range: 'free',
    command: 'approval',
    command_format: 'free',
    context: 'free',
    codec: 'free',
    encoder: 'free',
    crf: 'free',
    qp: 'free',
    bitrate: 'free',
    preset: 'free',
    pixel_format: 'free',
    // Only those that name neither a file nor a device are taken.
    encoder_options: 'free',
  },
  // A spec can name any video by itself: where its paths lead adds nothing.
  paths: { map: 'free' },
  inference: {
    family: 'free',
    image: 'approval',
    base_image: 'approval',
    program_dir: 'approval',
    checkpoints_dir: 'approval',
    num_gpu: 'free',
    shm_size_gb: 'free',
    batch_size: 'free',
    stall_timeout_s: 'free',
    command: 'approval',
    videos_dir: 'place',
    keep_controls: 'free',
    parameters: {
      num_steps: 'free',
      guidance: 'free',
      sigma_max: 'free',
      blur_strength: 'free',
      canny_threshold: 'free',
      fps: 'free',
      seed: 'free',
    },
    control_weights: { vis: 'free', edge: 'free', depth: 'free', seg: 'free' },
  },
  retry: {
    max_attempts: 'free',
    base_delay_s: 'free',
    max_delay_s: 'free',
    max_outage_s: 'free',
    max_equal_failures: 'free',
  },
  // What another host said would be used for runs that do not ask it.
  cache: { max_size_gb: 'free', share_between_hosts: 'approval' },
  hosts: 'approval',
  pools: 'approval',
  queue: 'approval',
};

/** A setting of a file that counts only after the user approved it. */
export interface PrivilegedSetting {
  readonly path: readonly string[];
  readonly value: unknown;
}

/** Where a file of settings stands. */
interface FileContext {
  /** Absolute path of the folder of the file. */
  readonly folder: string;
  /** Whether, of all settings together, a key is sent to the server. */
  readonly hasKey: boolean;
}

/**
 * The settings of a file that need the user's approval, in the order of the file. One that repeats the default needs none.
 *
 * @param values - What the file holds; checked against the schema before.
 */
export function privilegedSettings(values: unknown, context: FileContext): readonly PrivilegedSetting[] {
  return find({ values, classes, defaults: settingsSchema.parse({}) }, [], context);
}

/** What a file holds without these settings. */
export function withoutSettings(values: unknown, left: readonly PrivilegedSetting[]): unknown {
  const names = new Set(left.map(({ path }) => JSON.stringify(path)));
  const copy = (tree: unknown, path: readonly string[]): unknown => {
    if (!isTree(tree)) return tree;
    const kept = Object.entries(tree).filter(([key]) => !names.has(JSON.stringify([...path, key])));
    return Object.fromEntries(kept.map(([key, value]) => [key, copy(value, [...path, key])]));
  };
  const kept = copy(values, []);
  // Of a host or a pool nothing is left that would make one.
  const { hosts, pools, ...rest } = Object(kept);
  return { ...rest, ...withoutEmpty({ hosts, pools }) };
}

/**
 * What an approval of settings is kept by: the settings and the folder of their file, because a command or a path in them
 * means something else in another folder.
 */
export function settingsApprovalId(folder: string, settings: readonly PrivilegedSetting[]): string {
  const sorted = settings.map(({ path, value }) => JSON.stringify([path, canonical(value)])).sort();
  return createHash('sha256')
    .update(JSON.stringify(['settings', 1, folder, sorted]))
    .digest('hex');
}

/** Names of the settings that need approval, each with its class: for the documentation. */
export function privilegedNames(): readonly { readonly name: string; readonly needs: SettingClass }[] {
  return namesIn(classes, '').filter(({ needs }) => needs !== 'free');
}

interface Level {
  readonly values: unknown;
  readonly classes: unknown;
  readonly defaults: unknown;
}

function find(level: Level, path: readonly string[], context: FileContext): PrivilegedSetting[] {
  const { values } = level;
  if (!isTree(values)) return isPrivileged(level, context) ? [{ path, value: values }] : [];
  const isTable = isTree(level.classes) || isOfTables(path);
  // A host of which nothing is said is a host all the same: that of its name.
  if (!isTable || (path.length === 2 && isOfTables(path) && Object.keys(values).length === 0))
    return isPrivileged(level, context) ? [{ path, value: values }] : [];
  return Object.entries(values).flatMap(([key, below]) =>
    find(
      {
        values: below,
        classes: isTree(level.classes) ? own(level.classes, key) : level.classes,
        defaults: isTree(level.defaults) ? own(level.defaults, key) : undefined,
      },
      [...path, key],
      context,
    ),
  );
}

/** `hosts`, `hosts.NAME` and so on: their entries are shown one by one. */
function isOfTables([table, ...rest]: readonly string[]): boolean {
  return table === 'queue' ? rest.length === 0 : (table === 'hosts' || table === 'pools') && rest.length < 2;
}

/** A setting that the table does not know is not free. */
function isPrivileged({ values, classes: found, defaults }: Level, { folder, hasKey }: FileContext): boolean {
  if (found === 'free' || canonicalText(values) === canonicalText(defaults)) return false;
  if (found === 'place') return typeof values !== 'string' || (values !== '' && leadsOut(values, folder));
  if (found === 'address') return hasKey || typeof values !== 'string' || !isOnThisMachine(values);
  return true;
}

/** Whether a path in a file of `folder` leads to a place outside of it, on whatever system. */
export function leadsOut(path: string, folder: string): boolean {
  const slashed = path.replaceAll('\\', '/');
  if (slashed.startsWith('~')) return true;
  const base = folder.replaceAll('\\', '/').replace(/\/+$/, '');
  const isInside = base !== '' && slashed.startsWith(`${base}/`);
  if (!isInside && (slashed.startsWith('/') || /^[a-z]:/i.test(slashed))) return true;
  let depth = 0;
  for (const step of (isInside ? slashed.slice(base.length) : slashed).split('/')) {
    if (step === '..') depth -= 1;
    else if (step !== '' && step !== '.') depth += 1;
    if (depth < 0) return true;
  }
  return false;
}

/** A model server by its usual path: what else a service of this machine does cannot be asked of it. */
function isOnThisMachine(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { hostname, pathname, search, username, password } = new URL(address);
  const isLocal = hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
  return isLocal && /^\/(v1\/?)?$/.test(pathname) && `${search}${username}${password}` === '';
}

function namesIn(tree: unknown, name: string): { name: string; needs: SettingClass }[] {
  if (isTree(tree))
    return Object.entries(tree).flatMap(([key, below]) =>
      namesIn(below, name === '' ? key : `${name}.${key}`),
    );
  return [{ name, needs: tree === 'free' || tree === 'place' || tree === 'address' ? tree : 'approval' }];
}

function withoutEmpty(tables: { readonly hosts: unknown; readonly pools: unknown }): object {
  const entries = Object.entries(tables).flatMap(([name, table]) => {
    if (!isTree(table)) return [];
    const kept = Object.entries(table).filter(([, entry]) => isTree(entry) && Object.keys(entry).length > 0);
    return kept.length === 0 ? [] : [[name, Object.fromEntries(kept)]];
  });
  return Object.fromEntries(entries);
}

function canonicalText(value: unknown): string {
  return JSON.stringify(canonical(value)) ?? '';
}

/** The same for equal values, in whatever order their keys are. */
function canonical(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return value.map(canonical);
  if (!isTree(value) || value instanceof Date) return value;
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, canonical(value[key])]));
}

function own(tree: Tree, key: string): unknown {
  return Object.hasOwn(tree, key) ? tree[key] : undefined;
}

type Tree = { readonly [key: string]: unknown };

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
