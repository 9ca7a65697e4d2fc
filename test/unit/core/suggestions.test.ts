import { expect, it } from 'vitest';
import { suggestCommand, suggestFlag } from '../../../src/core/suggestions.ts';

const commands = [
  'batch-upsample',
  'create-spec',
  'doctor',
  'host list',
  'host prepare',
  'host prune',
].concat([
  'host status',
  'config show',
  'logs',
  'report',
  'runs',
  'runs rm',
  'runs prune',
  'upscale',
  'retouch',
]);

it.each([
  { typed: 'enhance', meant: 'upscale' },
  { typed: 'ls', meant: 'runs' },
  { typed: 'rm', meant: 'runs rm' },
  { typed: 'blur', meant: 'retouch' },
  { typed: 'rnus', meant: 'runs' },
  { typed: 'batch-upsmaple', meant: 'batch-upsample' },
  { typed: 'enhence', meant: 'upscale' },
  { typed: 'statu', meant: 'runs' },
  { typed: 'host ls', meant: 'host list' },
  { typed: 'host prepar', meant: 'host prepare' },
  { typed: 'runs delete', meant: 'runs rm' },
  { typed: 'runs list', meant: 'runs' },
  { typed: 'hosts', meant: 'host list' },
  { typed: 'xyzzy', meant: null },
  { typed: 'host xyzzy', meant: null },
  { typed: '', meant: null },
])('cosmos $typed: $meant', ({ typed, meant }) => expect(suggestCommand(typed, commands)).toBe(meant));

const flags = [
  'output-dir',
  'host',
  'base-url',
  'max-resolution',
  'no-progress',
  'dry-run',
  'workers',
  'json',
];

it.each([
  { typed: '--out', meant: 'output-dir' },
  { typed: '--output', meant: 'output-dir' },
  { typed: '--ssh', meant: 'host' },
  { typed: '--url=http://x', meant: 'base-url' },
  { typed: '--resolution', meant: 'max-resolution' },
  { typed: '--quiet', meant: 'no-progress' },
  { typed: '--hots', meant: 'host' },
  { typed: '--jsn', meant: 'json' },
  { typed: '-o', meant: 'output-dir' },
  { typed: '-q', meant: null },
  { typed: '--frobnicate', meant: null },
])('$typed: $meant', ({ typed, meant }) => expect(suggestFlag(typed, flags)).toBe(meant));
