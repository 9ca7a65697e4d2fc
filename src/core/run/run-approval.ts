import { createHash } from 'node:crypto';
import { type ShownSetting, shownSetting } from '../settings/settings-origin.ts';
import type { AnyCheckpoint } from './run-format.ts';

/** Settings of a run that say what is run, sent, read or written, and where: by their last name. */
const shownNames = new Set([
  'output',
  'output_dir',
  'videos_dir',
  'host',
  'write_back',
  'force',
  'kind',
  'model',
  'base_url',
  'api_key_env',
  'command',
  'command_folder',
  'program_dir',
  'checkpoints_dir',
]);

/**
 * What an approval of a run is kept by: all of its checkpoint, and the settings that a later session gave it.
 *
 * @param checkpointSha256 - Hex, of the bytes of `checkpoint.json`.
 * @param settings - Of the journal's last session that had others; null for none.
 */
export function runApprovalId(runId: string, checkpointSha256: string, settings: unknown): string {
  const content = settings === null ? checkpointSha256 : `${checkpointSha256}\n${canonicalJson(settings)}`;
  return `${runId}.${createHash('sha256').update(content).digest('hex')}`;
}

/** The settings that an event gives its run; null for none. */
export function settingsInEvent(event: unknown): unknown {
  if (!isTree(event) || event['type'] !== 'run-started') return null;
  return event['settings'] ?? null;
}

/** What a run does that its user should know before it continues, without secrets. */
export function shownOfRun(checkpoint: AnyCheckpoint): readonly ShownSetting[] {
  const { kind, created_at: createdAt } = checkpoint;
  const found: ShownSetting[] = [{ name: 'run', value: `${kind}, of ${createdAt.slice(0, 16)}` }];
  const root: Tree = { ...checkpoint };
  for (const name of ['input_root', 'inputs']) {
    if (root[name] !== undefined) found.push({ name, value: root[name] });
  }
  if (isTree(root['source'])) found.push({ name: 'source', value: root['source']['path'] });
  return [...found, ...settingsIn(root['settings'], [])];
}

function settingsIn(tree: unknown, path: readonly string[]): ShownSetting[] {
  if (!isTree(tree)) return [];
  return Object.entries(tree).flatMap(([key, value]) => {
    const here = [...path, key];
    if (isTree(value) && key !== 'extra_body') return settingsIn(value, here);
    if (key === 'extra_body' ? isEmpty(value) : !shownNames.has(key) || isEmpty(value)) return [];
    return [shownSetting({ path: here, value })];
  });
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === '' || value === false) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** The same text for equal values, in whatever order their keys are. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    isTree(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
      : inner,
  );
}

type Tree = { readonly [key: string]: unknown };

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
