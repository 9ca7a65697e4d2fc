import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { loadSettings } from '../../../src/adapters/config-files.ts';
import { cosmosFolders, expandHome } from '../../../src/adapters/cosmos-folders.ts';
import { resolveSettings } from '../../../src/core/settings/resolve-settings.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = await temporaryFolder();
const shipped = await readFile(resolve(import.meta.dirname, '../../../config.toml'), 'utf8');
/** The commented-out lines of the example host are settings too. */
const withExample = shipped.replaceAll(/^# (?=\[hosts|\[pools|\w+ = )/gm, '');
let next = 0;

async function load(files: { user?: string; project?: string; given?: string; commandLine?: object }) {
  const place = join(folder, String(next++));
  const paths = { user: join(place, 'user'), project: join(place, 'project') };
  for (const path of Object.values(paths)) await mkdir(path, { recursive: true });
  if (files.user !== undefined) await writeFile(join(paths.user, 'config.toml'), files.user);
  if (files.project !== undefined) await writeFile(join(paths.project, 'config.toml'), files.project);
  const configPath = files.given === undefined ? null : join(place, 'given.toml');
  if (configPath !== null && files.given !== 'missing') await writeFile(configPath, files.given ?? '');
  return await loadSettings({
    userFolder: paths.user,
    workingFolder: paths.project,
    configPath,
    commandLine: { source: 'the command line', values: files.commandLine ?? {} },
  });
}

const size = (batch_size: number) => `[upsampling]\nbatch_size = ${batch_size}\n`;

/** Paths of all values in a tree: `upsampling.engine.kind`. */
function keysOf(tree: unknown, path = ''): string[] {
  if (typeof tree !== 'object' || tree === null || Array.isArray(tree)) return [path];
  return Object.entries(tree).flatMap(([key, value]) => keysOf(value, path === '' ? key : `${path}.${key}`));
}

describe('the shipped config.toml', () => {
  it('says exactly the defaults', () => {
    expect(resolveSettings([{ source: 'config.toml', values: parse(shipped) }])).toEqual(resolveSettings([]));
  });

  it('mentions every setting, those of a host and of a pool in its examples', () => {
    const defaults = resolveSettings([
      { source: 'x', values: { hosts: { gpu1: {} }, pools: { farm: { hosts: ['gpu1'] } } } },
    ]);
    expect(keysOf(parse(withExample)).sort()).toEqual(keysOf(defaults).sort());
  });

  it('has an example host that can be used as it is', () => {
    const example = resolveSettings([{ source: 'x', values: parse(withExample) }]).hosts['gpu1'];
    expect(example).toMatchObject({ port: 22, image: 'cosmos-upsampler:0.1.0', gpus: 'all', workers: 1 });
  });
});

describe('settings come', () => {
  it.each([
    { rule: 'from nowhere: defaults', files: {}, expected: 10 },
    { rule: 'from the file of the user', files: { user: size(1) }, expected: 1 },
    { rule: 'rather from that of the project', files: { user: size(1), project: size(2) }, expected: 2 },
    {
      rule: 'rather from the one given',
      files: { user: size(1), project: size(2), given: size(3) },
      expected: 3,
    },
    {
      rule: "from the user's where the given one is silent",
      files: { user: size(1), project: size(2), given: '' },
      expected: 1,
    },
    {
      rule: 'rather from the command line',
      files: { project: size(2), commandLine: { upsampling: { batch_size: 4 } } },
      expected: 4,
    },
    { rule: 'also with a byte order mark', files: { project: `\uFEFF${size(2)}` }, expected: 2 },
    {
      rule: 'also with Windows line ends',
      files: { project: size(2).replaceAll('\n', '\r\n') },
      expected: 2,
    },
  ])('$rule', async ({ files, expected }) =>
    expect((await load(files)).upsampling.batch_size).toBe(expected),
  );
});

describe('a settings file is refused', () => {
  it.each([
    {
      rule: 'when it is given and missing',
      files: { given: 'missing' },
      message: /given\.toml cannot be read/,
    },
    {
      rule: 'when it is no TOML, with the line',
      files: { project: '[upsampling]\nbatch_size = \n' },
      message: /line 2/,
    },
    {
      rule: 'with a key twice',
      files: { project: `${size(1)}batch_size = 2\n` },
      message: /project.*line 3/,
    },
    {
      rule: 'with an unknown key, with its file',
      files: { user: 'colour = true' },
      message: /user.*unknown setting "colour"/,
    },
    {
      rule: 'with a date for a number',
      files: { project: '[upsampling]\nbatch_size = 2026-01-01\n' },
      message: /batch_size/,
    },
    {
      rule: 'with a number no computer counts to',
      files: { project: '[upsampling]\nbatch_size = 99999999999999999999\n' },
      message: /project/,
    },
  ])('$rule', async ({ files, message }) => {
    await expect(load(files)).rejects.toMatchObject({
      code: 'config-invalid',
      exitCode: 2,
      message: expect.stringMatching(message),
    });
  });

  it.runIf(process.platform !== 'win32')('not when it is /dev/null, which holds no settings', async () => {
    const sources = { userFolder: folder, workingFolder: folder, configPath: '/dev/null' };
    const commandLine = { source: 'the command line', values: {} };
    await expect(loadSettings({ ...sources, commandLine })).resolves.toBeDefined();
  });

  it('when it is a folder', async () => {
    const sources = { userFolder: folder, workingFolder: folder, configPath: folder };
    const commandLine = { source: 'the command line', values: {} };
    await expect(loadSettings({ ...sources, commandLine })).rejects.toMatchObject({ code: 'config-invalid' });
  });
});

describe('folders', () => {
  const home = homedir();
  it.each([
    {
      rule: 'XDG variables first',
      env: { XDG_CACHE_HOME: '/c', XDG_CONFIG_HOME: '/k', XDG_STATE_HOME: '/s' },
      platform: 'linux',
      cache: '/c/cosmos',
      config: '/k/cosmos',
      state: '/s/cosmos',
    },
    {
      rule: 'empty ones do not count',
      env: { XDG_CACHE_HOME: '', XDG_CONFIG_HOME: '' },
      platform: 'linux',
      cache: join(home, '.cache/cosmos'),
      config: join(home, '.config/cosmos'),
      state: join(home, '.local/state/cosmos'),
    },
    {
      rule: "macOS's own cache",
      env: {},
      platform: 'darwin',
      cache: join(home, 'Library/Caches/cosmos'),
      config: join(home, '.config/cosmos'),
      state: join(home, 'Library/Application Support/cosmos'),
    },
    {
      rule: "Windows' own cache",
      env: { LOCALAPPDATA: '/l' },
      platform: 'win32',
      cache: '/l/cosmos',
      config: join(home, '.config/cosmos'),
      state: '/l/cosmos/state',
    },
  ] as const)('$rule', ({ env, platform, cache, config, state }) => {
    expect(cosmosFolders(env, platform)).toMatchObject({ cache, config, state });
  });

  it.each([
    { text: '~', expected: homedir() },
    { text: '~/.cosmos', expected: join(homedir(), '.cosmos') },
    { text: '~user/x', expected: '~user/x' },
    { text: '/a/~/b', expected: '/a/~/b' },
  ])('the home in $text', ({ text, expected }) => expect(expandHome(text)).toBe(expected));
});
