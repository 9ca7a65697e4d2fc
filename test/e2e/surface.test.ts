import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { failureNextSteps } from '../../src/core/run/failure.ts';
import { exitCodes } from '../../src/errors/error-codes.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');

interface ManifestFlag {
  char?: string;
  type: string;
  options?: string[];
  multiple?: boolean;
  default?: unknown;
  hidden?: boolean;
  allowNo?: boolean;
}

it('commands and flags change only in visible diffs', async () => {
  const manifest = JSON.parse(await readFile(join(root, 'oclif.manifest.json'), 'utf8'));
  const surface = Object.entries<{ flags: Record<string, ManifestFlag>; args: object }>(
    manifest.commands,
  ).map(([id, command]) => ({
    command: id,
    args: Object.keys(command.args),
    flags: Object.entries(command.flags).flatMap(([name, flag]) =>
      flag.hidden ? [] : [flagText(name, flag)],
    ),
  }));
  // The manifest has them in the order in which the disk lists its files.
  expect(surface.sort((one, other) => (one.command < other.command ? -1 : 1))).toMatchSnapshot();
});

it('exit codes and failure codes change only in visible diffs', () => {
  expect({ exitCodes, failures: Object.keys(failureNextSteps) }).toMatchSnapshot();
});

it('an older Node is told so in one line, with exit code 1', async () => {
  const script = await readFile(join(root, 'bin/run.js'), 'utf8');
  const asOld = script.replace('process.versions.node.split', '"20.20.2".split');
  expect(asOld).not.toBe(script);
  const ended = await run(process.execPath, [
    '--input-type=module',
    '-e',
    asOld.replace(/^#!.*\n/, ''),
  ]).catch((error) => error);
  expect(ended.code).toBe(1);
  expect(ended.stderr.trim().split('\n')).toHaveLength(1);
  expect(ended.stderr).toContain('22.12');
});

function flagText(name: string, flag: ManifestFlag): string {
  const long = flag.allowNo ? `--[no-]${name}` : `--${name}`;
  const value =
    flag.type === 'boolean' ? '' : ` ${flag.options?.join('|') ?? 'VALUE'}${flag.multiple ? '…' : ''}`;
  return `${long}${value}${flag.default === undefined || flag.default === false ? '' : ` = ${JSON.stringify(flag.default)}`}`;
}
