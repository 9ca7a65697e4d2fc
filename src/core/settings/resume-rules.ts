import type { InferenceSettings } from '../inference/inference-settings.ts';
import { commandText } from '../retouch/command-words.ts';
import type { RetouchSettings } from '../retouch/retouch-settings.ts';
import { shellQuoted } from '../run/shell-quoted.ts';
import type { UpsampleSettings } from '../upsample/upsample-settings.ts';
import type { UpscaleSettings } from '../upscale/upscale-settings.ts';

/**
 * What a resumed run does with a setting that differs by now from what the run has.
 *
 * - `current`: no answer depends on it, so the present one is used.
 * - `added`: may be set where nothing was set before.
 * - `raised`: only tasks without a result depend on it; a larger one is used for those.
 * - `fixed`: finished answers depend on it, so another one is refused.
 */
export type OnResume = 'current' | 'added' | 'raised' | 'fixed';

export interface ResumeRule {
  /** As `config.toml` names it; a flag for what is no setting there. */
  readonly name: string;
  readonly flag?: string;
  /** The value of the flag is `KEY=VALUE`, with this key. */
  readonly flagKey?: string;
  /** Its words are the value of one flag, and not each of a flag of its own. */
  readonly isOneText?: boolean;
  readonly onResume: OnResume;
}

/** Paths to the values of a run's settings: `engine.retry.max_attempts`. */
type PathIn<T> = {
  [Key in keyof T & string]-?: NonNullable<T[Key]> extends string | number | boolean | readonly unknown[]
    ? Key
    : string extends keyof NonNullable<T[Key]>
      ? Key
      : `${Key}.${PathIn<NonNullable<T[Key]>>}`;
}[keyof T & string];

/** What follows from other settings or from the server, and cannot be set by itself. */
type Derived =
  | 'named'
  | 'server'
  | 'control_tokens'
  | 'measured_sizes'
  | 'engine.is_lane_count_open'
  | 'engine.command_folder'
  | 'engine.encoding.threads'
  | 'engine.encoding.is_cpu_independent';

type RulesOf<Settings> = Readonly<Record<Exclude<PathIn<Settings>, Derived>, ResumeRule>>;

const setting = (name: string, onResume: OnResume, flag?: string): ResumeRule => ({
  name,
  onResume,
  ...(flag === undefined ? {} : { flag }),
});
const engine = (name: string, onResume: OnResume, flag?: string) =>
  setting(`upsampling.engine.${name}`, onResume, flag);
const flag = (name: string, onResume: OnResume): ResumeRule => ({ name, flag: name, onResume });

const upsampleRules: RulesOf<UpsampleSettings> = {
  'engine.kind': engine('kind', 'fixed', '--engine'),
  'engine.base_url': engine('base_url', 'current', '--base-url'),
  'engine.model': engine('model', 'added', '--model'),
  'engine.api_key_env': engine('api_key_env', 'current'),
  'engine.concurrency': engine('concurrency', 'current'),
  'engine.temperature': engine('temperature', 'fixed'),
  'engine.max_output_tokens': engine('max_output_tokens', 'raised'),
  'engine.instruction': engine('instruction', 'fixed'),
  'engine.system_prompt': engine('system_prompt', 'fixed'),
  'engine.top_p': engine('top_p', 'fixed'),
  'engine.top_k': engine('top_k', 'fixed'),
  'engine.presence_penalty': engine('presence_penalty', 'fixed'),
  'engine.seed': engine('seed', 'fixed'),
  'engine.message_order': engine('message_order', 'fixed'),
  'engine.extra_body': engine('extra_body', 'fixed'),
  'engine.prompt_format': setting('upsampling.prompt_format', 'fixed'),
  'engine.request_timeout_ms': engine('request_timeout_s', 'current'),
  'engine.command': engine('command', 'current'),
  'engine.retry.max_attempts': setting('retry.max_attempts', 'current'),
  'engine.retry.base_delay_ms': setting('retry.base_delay_s', 'current'),
  'engine.retry.max_delay_ms': setting('retry.max_delay_s', 'current'),
  'engine.retry.max_outage_ms': setting('retry.max_outage_s', 'current'),
  'engine.retry.max_equal_failures': setting('retry.max_equal_failures', 'current'),
  output_dir: setting('upsampling.output_dir', 'fixed', '--output-dir'),
  auto_resize: setting('upsampling.auto_resize', 'fixed', '--auto-resize'),
  max_resolution: setting('upsampling.safe_resolution', 'fixed', '--max-resolution'),
  batch_size: setting('upsampling.batch_size', 'fixed', '--batch-size'),
  batch_tokens: setting('upsampling.batch_tokens', 'fixed', '--batch-tokens'),
  estimator: setting('upsampling.estimator', 'fixed', '--estimator'),
  max_tokens: setting('upsampling.max_tokens', 'fixed'),
  frames: setting('upsampling.frames_to_extract', 'fixed'),
  fps: setting('upsampling.fps_for_hints', 'fixed'),
  variants: setting('upsampling.variants', 'fixed', '--variants'),
  video_fps: setting('inference.parameters.fps', 'fixed'),
  host: flag('--host', 'current'),
  workers: setting('hosts.NAME.workers', 'current', '--workers'),
  write_back: flag('--write-back', 'fixed'),
  force: flag('--force', 'fixed'),
  allow_text_only: flag('--allow-text-only', 'fixed'),
  only: flag('--only', 'fixed'),
  skip: flag('--skip', 'fixed'),
  limit: flag('--limit', 'fixed'),
};

/** Every byte of a segment depends on them. @param table - Of `config.toml`. */
const encodingRules = (table: string) =>
  ({
    'engine.encoding.codec': setting(`${table}.codec`, 'fixed', '--codec'),
    'engine.encoding.encoder': setting(`${table}.encoder`, 'fixed', '--encoder'),
    'engine.encoding.crf': setting(`${table}.crf`, 'fixed', '--crf'),
    'engine.encoding.qp': setting(`${table}.qp`, 'fixed', '--qp'),
    'engine.encoding.bitrate': setting(`${table}.bitrate`, 'fixed', '--bitrate'),
    'engine.encoding.preset': setting(`${table}.preset`, 'fixed', '--preset'),
    'engine.encoding.pixel_format': setting(`${table}.pixel_format`, 'fixed', '--pixel-format'),
    'engine.encoding.options': setting(`${table}.encoder_options`, 'fixed', '--encoder-option'),
  }) as const;

const upscaleRules: RulesOf<UpscaleSettings> = {
  'engine.kind': setting('upscaling.engine', 'fixed', '--engine'),
  'engine.model': setting('upscaling.model', 'fixed', '--model'),
  'engine.scale': setting('upscaling.scale', 'fixed', '--scale'),
  'engine.size': setting('upscaling.size', 'fixed', '--size'),
  'engine.batch_size': setting('upscaling.batch_size', 'fixed', '--batch-size'),
  'engine.tile': setting('upscaling.tile', 'fixed', '--tile'),
  'engine.lanes': setting('upscaling.workers', 'current', '--workers'),
  ...encodingRules('upscaling'),
  'filters.deinterlace': setting('upscaling.deinterlace', 'fixed', '--deinterlace'),
  'filters.denoise': setting('upscaling.denoise', 'fixed', '--denoise'),
  dedupe: setting('upscaling.dedupe', 'fixed', '--dedupe'),
  fps: flag('--fps', 'fixed'),
  output: flag('--output', 'fixed'),
  host: flag('--host', 'current'),
  slots: setting('hosts.NAME.workers', 'current'),
  keep_going: flag('--keep-going', 'fixed'),
  force: flag('--force', 'current'),
};

/** Settings that every such run has alike are left out. */
const retouchRules: Omit<RulesOf<RetouchSettings>, 'dedupe' | 'engine.batch_size' | 'engine.lanes'> = {
  'engine.kind': setting('retouching.engine', 'fixed', '--engine'),
  'engine.strength': setting('retouching.strength', 'fixed', '--strength'),
  'engine.color': setting('retouching.color', 'fixed', '--color'),
  'engine.dilate_px': setting('retouching.dilate', 'fixed', '--dilate'),
  'engine.feather_px': setting('retouching.feather', 'fixed', '--feather'),
  'engine.margin_px': setting('retouching.margin', 'fixed', '--margin'),
  'engine.model': setting('retouching.model', 'fixed', '--model'),
  'engine.model_mask': setting('retouching.model_mask', 'fixed', '--model-mask'),
  'engine.model_range': setting('retouching.model_range', 'fixed', '--model-range'),
  'engine.command': { ...setting('retouching.command', 'fixed', '--command'), isOneText: true },
  'engine.command_format': setting('retouching.command_format', 'fixed', '--command-format'),
  'engine.context_frames': setting('retouching.context', 'fixed', '--context'),
  ...encodingRules('retouching'),
  regions: flag('--region', 'fixed'),
  mask: flag('--mask', 'fixed'),
  plan: flag('--plan', 'fixed'),
  detect: flag('--detect', 'fixed'),
  detect_classes: flag('--detect-class', 'fixed'),
  detect_confidence: setting('retouching.detect_confidence', 'fixed', '--detect-confidence'),
  output: flag('--output', 'fixed'),
  host: flag('--host', 'current'),
  slots: setting('hosts.NAME.workers', 'current'),
  keep_going: flag('--keep-going', 'fixed'),
  force: flag('--force', 'current'),
};

const inference = (name: string, onResume: OnResume, flagName?: string) =>
  setting(`inference.${name}`, onResume, flagName);
const weight = (kind: string): ResumeRule => ({
  ...inference(`control_weights.${kind}`, 'fixed', '--weight'),
  flagKey: kind,
});

/** Those of its first stage are {@link upsampleRules}. */
const inferenceRules: RulesOf<Omit<InferenceSettings, 'upsample'>> = {
  stages: flag('--stages', 'fixed'),
  review: flag('--review', 'current'),
  family: inference('family', 'fixed', '--family'),
  videos_dir: inference('videos_dir', 'fixed', '--videos-dir'),
  keep_controls: inference('keep_controls', 'fixed', '--keep-controls'),
  'program.command': inference('command', 'current'),
  'program.program_dir': inference('program_dir', 'current'),
  'program.checkpoints_dir': inference('checkpoints_dir', 'current'),
  'program.num_gpu': inference('num_gpu', 'current'),
  'program.batch_size': inference('batch_size', 'current'),
  'program.stall_timeout_ms': inference('stall_timeout_s', 'current'),
  'parameters.num_steps': inference('parameters.num_steps', 'fixed', '--num-steps'),
  'parameters.guidance': inference('parameters.guidance', 'fixed', '--guidance'),
  'parameters.sigma_max': inference('parameters.sigma_max', 'fixed', '--sigma-max'),
  'parameters.fps': inference('parameters.fps', 'fixed', '--fps'),
  'parameters.seed': inference('parameters.seed', 'fixed', '--seed'),
  'parameters.blur_strength': inference('parameters.blur_strength', 'fixed'),
  'parameters.canny_threshold': inference('parameters.canny_threshold', 'fixed'),
  'control_weights.vis': weight('vis'),
  'control_weights.edge': weight('edge'),
  'control_weights.depth': weight('depth'),
  'control_weights.seg': weight('seg'),
  host: flag('--host', 'current'),
  workers: setting('hosts.NAME.workers', 'current', '--workers'),
  force: flag('--force', 'current'),
  only: flag('--only', 'current'),
  skip: flag('--skip', 'current'),
};

/** What each setting of a run means when the run is resumed; one without a rule does not compile. */
export const resumeRules = {
  upsample: upsampleRules,
  upscale: upscaleRules,
  retouch: retouchRules,
  inference: inferenceRules,
} as const;

export type ResumeRules = Readonly<Record<string, ResumeRule>>;

/** A setting that is another one by now. */
export interface SettingChange extends ResumeRule {
  readonly path: string;
  readonly was: unknown;
  readonly now: unknown;
}

/** Settings that differ. Of another engine nothing else is said: all of its settings are others. */
export function changesBetween(rules: ResumeRules, was: object, now: object): readonly SettingChange[] {
  const before = valuesByPath(was);
  const after = valuesByPath(now);
  const changes = Object.entries(rules).flatMap(([path, rule]) => {
    const change = { ...rule, path, was: before.get(path), now: after.get(path) };
    return JSON.stringify(change.was) === JSON.stringify(change.now) ? [] : [change];
  });
  const other = changes.filter(({ path }) => path === 'engine.kind');
  return other.length > 0 ? other : changes;
}

export function isAccepted({ onResume, was, now }: SettingChange): boolean {
  if (onResume === 'raised') return Number(now) > Number(was);
  if (onResume === 'added') return isUnset(was);
  return onResume === 'current';
}

/** `upsampling.engine.concurrency 2 (was 8)`. */
export function acceptedText(change: SettingChange): string {
  const { name, onResume, now, was } = change;
  const value = shown(now, name);
  if (value === null) return isUnset(now) ? `no ${name}` : `another ${name}`;
  const old = shown(was, name);
  const what = onResume === 'raised' ? `${name} ${value} for what has no result yet` : `${name} ${value}`;
  return isUnset(was) || old === null ? what : `${what} (was ${old})`;
}

/** `upsampling.estimator was "linear", now "pixtral"`. */
export function refusedText({ name, was, now, onResume }: SettingChange): string {
  const [old, value] = [shown(was, name), shown(now, name)];
  if (value === null && old === null) return `${name} was different`;
  const limits = onResume === 'raised' ? ', and can only be raised' : '';
  return `${name} was ${old ?? (isUnset(was) ? 'not set' : 'different')}, now ${value ?? (isUnset(now) ? 'not set' : 'different')}${limits}`;
}

/** Settings named on a command line, by their paths. @param flags - By their names without dashes. */
export function namedBy(rules: ResumeRules, flags: Readonly<Record<string, unknown>>): string[] {
  const isNamed = ({ flag: name }: ResumeRule, path: string) => {
    const value = name === undefined ? undefined : flags[name.slice(2)];
    // Flags that are off unless they are given have no other value to name.
    return value !== undefined && (value !== false || path === 'auto_resize');
  };
  const named = Object.entries(rules).flatMap(([path, rule]) => (isNamed(rule, path) ? [path] : []));
  const impliesEngine = ['engine.model', 'engine.base_url', 'engine.command'].some((path) =>
    named.includes(path),
  );
  return [...new Set(impliesEngine ? ['engine.kind', ...named] : named)];
}

/** The flags that name these settings, as they are typed. */
export function flagsFor(rules: ResumeRules, settings: object, named: readonly string[]): string[] {
  const values = valuesByPath(settings);
  return named.flatMap((path) => {
    const { flag: name, flagKey, isOneText = false } = rules[path] ?? {};
    const value = values.get(path);
    if (name === undefined || value === undefined || value === null) return [];
    if (typeof value === 'boolean')
      return value ? [name] : name === '--auto-resize' ? ['--no-auto-resize'] : [];
    if (Array.isArray(value) && isOneText) return [name, shellQuoted(commandText(value.map(String)))];
    if (Array.isArray(value)) return value.flatMap((each) => [name, shellQuoted(String(each))]);
    const text = withoutPassword(String(value));
    return [name, shellQuoted(flagKey === undefined ? text : `${flagKey}=${text}`)];
  });
}

/**
 * Those values of a run that were named on its command line, in the shape of `config.toml`.
 *
 * @param values - All of the run's, in that shape.
 */
export function pickNamed(rules: ResumeRules, values: object, named: readonly string[]): object {
  const known = valuesByPath(values);
  const picked = {};
  for (const path of named) {
    const { name } = rules[path] ?? {};
    if (name !== undefined && known.has(name)) place(picked, name.split('.'), known.get(name));
  }
  return picked;
}

function place(tree: Record<string, unknown>, [key = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    tree[key] = value;
    return;
  }
  const below: Record<string, unknown> = { ...Object(tree[key]) };
  place(below, rest, value);
  tree[key] = below;
}

/** Settings whose value is a table, of whatever keys. */
const tableSettings: ReadonlySet<string> = new Set(['extra_body']);

function valuesByPath(tree: object): Map<string, unknown> {
  return new Map(
    Object.entries(tree).flatMap(([key, value]): [string, unknown][] =>
      typeof value === 'object' && value !== null && !Array.isArray(value) && !tableSettings.has(key)
        ? [...valuesByPath(value)].map(([path, leaf]) => [`${key}.${path}`, leaf])
        : [[key, value]],
    ),
  );
}

function isUnset(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

/** A value for a message, in the unit that its name says; null for one that is not shown. */
function shown(value: unknown, name: string): string | null {
  if (typeof value === 'number') return String(name.endsWith('_s') ? value / 1000 : value);
  if (typeof value === 'boolean') return String(value);
  // Commands may hold secrets; lists of flags are names.
  if (Array.isArray(value) && value.length > 0 && name.startsWith('--')) return shown(value.join(', '), name);
  if (typeof value !== 'string' || value === '' || value.length > 200 || value.includes('\n')) return null;
  return JSON.stringify(withoutPassword(value));
}

function withoutPassword(text: string): string {
  return text.replace(/^(https?:\/\/)[^/@]*@/, '$1');
}
