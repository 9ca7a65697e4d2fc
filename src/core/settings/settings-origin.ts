import type { SettingsLayer } from './resolve-settings.ts';
import type { Settings } from './settings-schema.ts';

/** A setting as it holds now, and where it comes from. JSON, so snake_case. */
export interface SettingOrigin {
  /** As `config.toml` names it: `upsampling.engine.model`. */
  readonly name: string;
  readonly value: unknown;
  /** Path of a file or `the command line`; null for the default. */
  readonly source: string | null;
}

/** Words in the name of a secret. */
const secretName = /(^|[^a-z])(api[-_]?key|authorization|password|passwd|secret|token|bearer)($|[^a-z])/i;

/** What is shown in place of a secret. */
const redactedText = '***';

/** A setting as a person may see it. JSON, so snake_case. */
export interface ShownSetting {
  readonly name: string;
  readonly value: unknown;
}

/** A setting of a file by its name, without secrets in its value. */
export function shownSetting({
  path,
  value,
}: {
  readonly path: readonly string[];
  readonly value: unknown;
}): ShownSetting {
  return { name: path.map(keyText).join('.'), value: redacted(value, path) };
}

/** Every setting, with the strongest layer that has it. Secrets are left out of the values. */
export function originsOf(
  settings: Settings,
  layers: readonly Pick<SettingsLayer, 'source' | 'values'>[],
): readonly SettingOrigin[] {
  return leavesOf(settings, []).map(({ path, value }) => {
    const layer = layers.findLast(({ values }) => valueAt(values, path) !== undefined);
    return { name: path.map(keyText).join('.'), value: redacted(value, path), source: layer?.source ?? null };
  });
}

interface Leaf {
  readonly path: readonly string[];
  readonly value: unknown;
}

/** Tables of the user's own, such as `extra_body` and `map`, are values. */
const openTables = new Set(['extra_body', 'map']);

function leavesOf(tree: object, path: readonly string[]): Leaf[] {
  return Object.entries(tree).flatMap(([key, value]: [string, unknown]) => {
    const here = [...path, key];
    const isTable = isTree(value) && !openTables.has(key);
    return isTable ? leavesOf(value, here) : [{ path: here, value }];
  });
}

function valueAt(tree: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (below, key) => (isTree(below) && Object.hasOwn(below, key) ? below[key] : undefined),
    tree,
  );
}

/** Keys and passwords in addresses, commands and tables of the user's own. */
function redacted(value: unknown, path: readonly string[]): unknown {
  const name = path.at(-1) ?? '';
  if (typeof value === 'string') return withoutSecrets(value);
  if (Array.isArray(value)) return redactedWords(value);
  if (!isTree(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      name === 'extra_body' && secretName.test(key) ? redactedText : redacted(inner, [...path, key]),
    ]),
  );
}

/** `--api-key KEY` and `--api-key=KEY` in a command. */
function redactedWords(words: readonly unknown[]): unknown[] {
  return words.map((word, index) => {
    const before = words[index - 1];
    const isNamed = typeof before === 'string' && before.startsWith('-') && !before.includes('=');
    if (isNamed && secretName.test(before)) return redactedText;
    return typeof word === 'string' ? withoutSecrets(word) : word;
  });
}

function withoutSecrets(text: string): string {
  return text
    .replace(/(\w+:\/\/)[^/@\s]+@/g, `$1${redactedText}@`)
    .replace(/^([\w-]+)=(.*)$/s, (whole, key: string) =>
      secretName.test(key) ? `${key}=${redactedText}` : whole,
    );
}

function keyText(key: string): string {
  return /^[\w-]+$/.test(key) ? key : JSON.stringify(key);
}

function isTree(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The packaged `config.toml` with every setting commented out: a file that says what there is and changes nothing, so that the
 * user's own file still holds below it.
 */
export function commentedOut(config: string): string {
  return config
    .split('\n')
    .map((line) => (/^\w+ = /.test(line) ? `# ${line}` : line))
    .join('\n');
}
