import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { settingsLayerOf } from '../../../src/commands/shared/run-flags.ts';
import { upscaleLayerOf } from '../../../src/commands/shared/upscale-flags.ts';
import { privilegedNames } from '../../../src/core/settings/privileged-settings.ts';
import type { SettingsLayer } from '../../../src/core/settings/resolve-settings.ts';
import { settingsSchema } from '../../../src/core/settings/settings-schema.ts';
import { markdownTable } from '../markdown-table.ts';

interface Setting {
  readonly table: string;
  readonly key: string;
  readonly value: string;
  readonly comment: string;
}

/** A value for each flag that stands for a setting, to find out which one; of several that imply one the first. */
const anyFlagValues = {
  'auto-resize': true,
  'max-resolution': 'x',
  'batch-size': 1,
  'batch-tokens': 1,
  estimator: 'x',
  variants: 1,
  engine: 'x',
  'base-url': 'x',
  model: 'x',
  'output-dir': 'x',
  'checkpoint-dir': 'x',
} as const;

/** The same for `upscale`. */
const anyUpscaleFlagValues = {
  scale: '2',
  engine: 'x',
  model: 'x',
  'batch-size': 1,
  tile: 1,
  workers: '1',
  dedupe: 'x',
  codec: 'x',
  encoder: 'x',
  crf: 1,
  qp: 1,
  bitrate: 'x',
  preset: 'x',
  'pixel-format': 'x',
  'encoder-option': ['x'],
} as const;

/** One table of settings for each table of `config.toml`: default, what is allowed, meaning, flag. */
export function settingsTables(): string {
  const settings = readConfigFile();
  const flags = flagsBySetting();
  const tables = [...new Set(settings.map((setting) => setting.table))];
  return tables
    .map((table) => {
      const rows = settings
        .filter((setting) => setting.table === table)
        .map(({ key, value, comment }) => {
          const flag = flags.get(`${table}.${key}`);
          return [
            `\`${key}\``,
            `\`${value}\``,
            allowedAt(`${table}.${key}`),
            comment,
            flag ? `\`--${flag}\`` : '',
          ];
        });
      const value = table.endsWith('.NAME') ? 'Example' : 'Default';
      return `## [${table}]\n\n${markdownTable(['Setting', value, 'Allowed', 'Meaning', 'Flag'], rows)}`;
    })
    .join('\n\n');
}

/** The settings of a folder's file that need approval, by what they need. */
export function privilegedTable(): string {
  const named = privilegedNames();
  const list = (wanted: string) =>
    named
      .filter(({ needs }) => needs === wanted)
      .map(({ name }) => `\`${/^(hosts|pools|queue)$/.test(name) ? `[${name}]` : name}\``)
      .join(', ');
  return markdownTable(
    ['Needs approval', 'Settings'],
    [
      ['always', `${list('approval')}; of tables everything in them`],
      ['where it leads out of the folder of the file', list('place')],
      [
        'unless it is a server on this machine (`http://127.0.0.1:8000/v1`) that gets no key',
        list('address'),
      ],
    ],
  );
}

/** The names of all settings with their tables, as `upsampling.engine.kind`. */
export function settingNames(): string[] {
  return readConfigFile().map(({ table, key }) => `${table}.${key}`);
}

/** Entries of `config.toml`; the example of a host stands in it as comments. */
function readConfigFile(): Setting[] {
  const text = readFileSync(new URL('../../../config.toml', import.meta.url), 'utf8');
  const settings: Setting[] = [];
  let table = '';
  for (const raw of text.split('\n')) {
    const line = raw.replace(/^# (?=\[(?:hosts|pools)\.|[a-z_]+ = )/, '');
    const opened = /^\[([a-z0-9_.]+)\]$/.exec(line)?.[1];
    if (opened !== undefined) table = opened.replace(/^(hosts|pools)\..*/, '$1.NAME');
    const [, key, value, comment = ''] =
      /^([a-z_]+) = (\["[^\]]*\]|"[^"]*"|\S+)(?:\s+# (.*))?$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) settings.push({ table, key, value, comment });
  }
  return settings;
}

function flagsBySetting(): Map<string, string> {
  const found = new Map<string, string>();
  const note = (flag: string, { values }: SettingsLayer) => {
    for (const path of pathsOf(values, '')) if (!found.has(path)) found.set(path, flag);
  };
  for (const [flag, value] of Object.entries(anyFlagValues)) note(flag, settingsLayerOf({ [flag]: value }));
  for (const [flag, value] of Object.entries(anyUpscaleFlagValues))
    note(flag, upscaleLayerOf({ [flag]: value }));
  found.set('hosts.NAME.workers', 'workers');
  found.set('paths.map', 'map');
  found.set('queue.url', 'queue');
  found.set('queue.store', 'store');
  return found;
}

function pathsOf(tree: unknown, path: string): string[] {
  if (typeof tree !== 'object' || tree === null) return [path];
  return Object.entries(tree).flatMap(([key, value]) => pathsOf(value, path === '' ? key : `${path}.${key}`));
}

const nodeSchema = z.looseObject({
  type: z.string().optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
  minimum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  maximum: z.number().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  additionalProperties: z.unknown().optional(),
});

/** What a setting may be, read off the schema. */
function allowedAt(path: string): string {
  let node = nodeSchema.parse(z.toJSONSchema(settingsSchema, { io: 'input' }));
  for (const step of path.split('.')) {
    node = nodeSchema.parse(node.properties?.[step] ?? node.additionalProperties);
  }
  return allowedBy(node);
}

function allowedBy(node: z.infer<typeof nodeSchema>): string {
  if (node.anyOf) {
    // An empty text is a text.
    const choices = node.anyOf.map((each) => nodeSchema.parse(each)).filter((each) => each.const !== '');
    return choices.map(allowedBy).join(', ');
  }
  if (node.const !== undefined) return `\`${node.const}\``;
  if (node.enum) return node.enum.map((value) => `\`${value}\``).join(', ');
  if (node.type === 'integer' || node.type === 'number') return rangeOf(node);
  if (node.type === 'boolean') return '`true`, `false`';
  if (node.type === 'object')
    return nodeSchema.parse(node.additionalProperties ?? {}).type === 'string' ? 'table of texts' : 'table';
  return node.type === 'array' ? 'list of texts' : 'text';
}

function rangeOf(node: z.infer<typeof nodeSchema>): string {
  const { type, minimum, exclusiveMinimum, maximum } = node;
  const low = exclusiveMinimum === undefined ? `from ${minimum ?? 0}` : `above ${exclusiveMinimum}`;
  const isBounded = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
  return `${type === 'integer' ? 'whole number' : 'number'} ${low}${isBounded ? ` to ${maximum}` : ''}`;
}
