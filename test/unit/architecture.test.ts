import { execFile } from 'node:child_process';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** The arrows of docs/architecture.md are checked by the linter; this checks that the linter really objects. */
const root = join(import.meta.dirname, '../..');
const folder = await temporaryFolder();
await copyFile(join(root, 'biome.json'), join(folder, 'biome.json'));

it.each([
  {
    rule: 'core must not know an adapter',
    file: 'src/core/run/x.ts',
    imported: '../../adapters/system-clock.ts',
  },
  {
    rule: 'core must not know the protocol',
    file: 'src/core/run/x.ts',
    imported: '../../protocol/version.ts',
  },
  { rule: 'core must not read files', file: 'src/core/run/x.ts', imported: 'node:fs' },
  { rule: 'core must not know a library but zod', file: 'src/core/run/x.ts', imported: 'p-map' },
  { rule: 'protocol must not know core', file: 'src/protocol/x.ts', imported: '../core/hints/size.ts' },
  { rule: 'ports must not know adapters', file: 'src/ports/x.ts', imported: '../adapters/system-clock.ts' },
  {
    rule: 'services must not build adapters',
    file: 'src/services/x.ts',
    imported: '../adapters/system-clock.ts',
  },
  { rule: 'services must not print', file: 'src/services/x.ts', imported: '../output/text/format.ts' },
  { rule: 'adapters must not know services', file: 'src/adapters/x.ts', imported: '../services/plan-run.ts' },
  {
    rule: 'the worker must not know adapters',
    file: 'src/worker/x.ts',
    imported: '../adapters/system-clock.ts',
  },
  {
    rule: 'http stands below the tasks of the worker',
    file: 'src/worker/http/x.ts',
    imported: '../tasks/engine-error.ts',
  },
  {
    rule: 'the tasks of the worker must not know a kind',
    file: 'src/worker/tasks/x.ts',
    imported: '../upscale/kind.ts',
  },
  {
    rule: 'a kind of work must not know another one',
    file: 'src/worker/upscale/onnx/x.ts',
    imported: '../../upsample/kind.ts',
  },
  {
    rule: 'a room of the worker must not know adapters either',
    file: 'src/worker/slot/x.ts',
    imported: '../../adapters/system-clock.ts',
  },
  {
    rule: 'the worker must not know the CLI',
    file: 'src/worker/main.ts',
    imported: '../services/plan-run.ts',
  },
  {
    rule: 'commands must not build adapters',
    file: 'src/commands/x.ts',
    imported: '../adapters/system-clock.ts',
  },
  { rule: 'output must not know services', file: 'src/output/x.ts', imported: '../services/plan-run.ts' },
  { rule: 'errors stands below every room', file: 'src/errors/x.ts', imported: '../core/hints/size.ts' },
])('$rule', async ({ file, imported }) => {
  const { code, text } = await lint(
    file,
    `import * as other from '${imported}';\nexport const use = other;\n`,
  );
  expect(text).toContain('noRestrictedImports');
  expect(code).not.toBe(0);
});

it.each([
  { rule: 'services may know ports', file: 'src/services/x.ts', imported: '../ports/clock.ts' },
  { rule: 'core may use zod and hashes', file: 'src/core/run/x.ts', imported: 'node:crypto' },
  {
    rule: 'a kind of work may know the tasks of the worker',
    file: 'src/worker/upsample/x.ts',
    imported: '../tasks/engine-error.ts',
  },
  {
    rule: 'worker/main.ts may build adapters',
    file: 'src/worker/main.ts',
    imported: '../adapters/system-clock.ts',
  },
])('$rule', async ({ file, imported }) => {
  const { text } = await lint(file, `import * as other from '${imported}';\nexport const use = other;\n`);
  expect(text).not.toContain('noRestrictedImports');
});

async function lint(file: string, source: string): Promise<{ code: number; text: string }> {
  const path = join(folder, file);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, source);
  return await new Promise((resolve) => {
    const options = ['lint', '--vcs-enabled=false', file];
    execFile(join(root, 'node_modules/.bin/biome'), options, { cwd: folder }, (error, stdout, stderr) => {
      resolve({ code: error ? 1 : 0, text: stdout + stderr });
    });
  });
}
