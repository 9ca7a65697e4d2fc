import type { z } from 'zod';
import { AppError } from '../../errors/app-error.ts';
import { nearestWord } from '../nearest-word.ts';
import { type Settings, settingsSchema } from './settings-schema.ts';

/** One source of settings: a file or the command line. `values` is whatever was found there. */
export interface SettingsLayer {
  readonly source: string;
  readonly values: unknown;
}

/**
 * Merges layers over the built-in defaults; later layers win, key by key.
 *
 * @throws AppError `config-invalid` that names the layer, the key and, for an unknown key, the nearest known one.
 */
export function resolveSettings(layers: readonly SettingsLayer[]): Settings {
  for (const layer of layers) check(layer);
  const merged = layers.reduce<Tree>((all, layer) => merge(all, layer.values as Tree), {});
  return settingsSchema.parse(merged);
}

type Tree = { readonly [key: string]: unknown };

function check(layer: SettingsLayer): void {
  const parsed = settingsSchema.safeParse(layer.values);
  if (parsed.success) assertNoNul(layer.values, [], layer.source);
  const issue = parsed.error?.issues[0];
  if (issue) throw new AppError({ code: 'config-invalid', ...describe(issue, layer) });
}

/** No path, program or text for a server has one, and systems refuse it late. */
function assertNoNul(value: unknown, place: readonly string[], source: string): void {
  if (typeof value === 'string' && value.includes('\0'))
    throw new AppError({
      code: 'config-invalid',
      message: `${source}: ${shown(place)}: must not hold a NUL character.`,
      nextStep: 'Correct the value. Every setting with its default: cosmos help settings',
    });
  if (typeof value !== 'object' || value === null) return;
  for (const [key, below] of Object.entries(value)) assertNoNul(below, [...place, key], source);
}

function describe(issue: z.core.$ZodIssue, layer: SettingsLayer): { message: string; nextStep: string } {
  const place = issue.path.map(String);
  if (issue.code !== 'unrecognized_keys') {
    const message = issue.message.replace(/^Invalid input: expected/, 'must be');
    return {
      message: `${layer.source}: ${shown(place) || 'the file'}: ${message}.`,
      nextStep: 'Correct the value. Every setting with its default: cosmos help settings',
    };
  }
  const unknown = issue.keys[0] ?? '';
  const nearest = nearestSetting(place, unknown);
  return {
    message: `${layer.source}: unknown setting "${shown([...place, unknown])}".`,
    nextStep: nearest
      ? `Did you mean "${shown(nearest)}"?`
      : 'Every setting with its default: cosmos help settings',
  };
}

/** A key for people: a hostile one fills no screen and moves no cursor. */
function shown(place: readonly string[]): string {
  const key = place.join('.').replaceAll(/\p{Cc}/gu, '\uFFFD');
  return key.length > 120 ? `${key.slice(0, 117)}...` : key;
}

/** Keys that a table of `config.toml` may have, read off the defaults. */
function knownKeysAt(place: readonly string[]): string[] {
  const defaults: unknown = settingsSchema.parse({ hosts: { name: {} } });
  const steps = place[0] === 'hosts' && place.length > 1 ? ['hosts', 'name', ...place.slice(2)] : place;
  const table = steps.reduce<unknown>((tree, step) => (isTree(tree) ? tree[step] : undefined), defaults);
  return isTree(table) ? Object.keys(table) : [];
}

/** The setting that was probably meant: a like key in the same table, or the same key in another one. */
function nearestSetting(place: readonly string[], word: string): readonly string[] | null {
  const here = knownKeysAt(place);
  const longer = here.find((key) => key.startsWith(`${word}_`));
  const nearest = longer ?? nearestWord(word, here);
  return nearest !== null ? [...place, nearest] : elsewhere(settingsSchema.parse({}), word);
}

function elsewhere(tree: Tree, word: string): readonly string[] | null {
  for (const [key, value] of Object.entries(tree)) {
    if (key === word) return [key];
    const below = isTree(value) ? elsewhere(value, word) : null;
    if (below) return [key, ...below];
  }
  return null;
}

function merge(below: Tree, above: Tree): Tree {
  const merged: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const old = Object.hasOwn(below, key) ? below[key] : undefined;
    merged[key] = isTree(old) && isTree(value) ? merge(old, value) : value;
  }
  return merged;
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
