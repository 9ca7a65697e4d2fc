import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { openOnDesktop } from '../../../src/adapters/open-on-desktop.ts';
import { PipedChild } from '../../../src/adapters/piped-child.ts';
import { ProgramOutput } from '../../../src/worker/program/program-output.ts';
import { ProgramProcess } from '../../../src/worker/program/program-process.ts';
import { LaneProcess } from '../../../src/worker/upscale/onnx/lane-process.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { waitFor } from '../../support/wait-for.ts';

const folder = await temporaryFolder();
const secrets = {
  OPENAI_API_KEY: 'sk-secret-1',
  HF_TOKEN: 'hf-secret-2',
  AWS_SECRET_ACCESS_KEY: 'aws-secret-3',
  OWN_NAME: 'own-secret-4',
};
Object.assign(process.env, secrets, { COSMOS_KEY_VARIABLES: 'OWN_NAME', COSMOS_HARMLESS: 'it is here' });
const print = 'process.stdout.write(JSON.stringify(process.env))';

function expectNoSecret(environment: string, kept: readonly (keyof typeof secrets)[] = []): void {
  expect(environment).toContain('it is here');
  for (const [name, value] of Object.entries(secrets))
    expect([name, environment.includes(value)]).toEqual([name, (kept as readonly string[]).includes(name)]);
}

it('a program that reads or writes media gets no secret', async () => {
  await using child = new PipedChild(process.execPath, ['-e', print], {
    hasInput: false,
    outputs: 1,
    signal: undefined,
  });
  const [output] = child.outputs;
  if (!output) throw new Error('no output');
  expectNoSecret(await text(output));
});

it('a program of the user gets those that it needs', async () => {
  const lines: string[] = [];
  const start = { command: [process.execPath, '-e', print], environment: process.env, stopGraceMs: 1_000 };
  const child = await ProgramProcess.start({
    ...start,
    secretVariables: ['HF_TOKEN'],
    output: new ProgramOutput({ add: (line) => lines.push(line) }, []),
  });
  await child.ended;
  expectNoSecret(lines.join(''), ['HF_TOKEN']);
});

it('a lane, which loads models of others, gets no secret', async () => {
  const file = join(folder, 'lane.json');
  const program = join(folder, 'lane.mjs');
  await writeFile(
    program,
    `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(file)}, JSON.stringify(process.env));`,
  );
  const lane = new LaneProcess(
    { program, options: {}, frameBytes: 1, log: () => undefined },
    new AbortController().signal,
  );
  await lane.greeting(60_000).catch(() => undefined);
  expectNoSecret(await readFile(file, 'utf8'));
});

it.skipIf(process.platform !== 'linux')('the program that shows a report gets no secret', async () => {
  const bin = join(folder, 'bin');
  const file = join(folder, 'desktop.txt');
  await mkdir(bin);
  await writeFile(join(bin, 'xdg-open'), '#!/bin/sh\nenv > "$1.part" && mv "$1.part" "$1"\n');
  await chmod(join(bin, 'xdg-open'), 0o755);
  const path = `${bin}${delimiter}${process.env['PATH']}`;
  const { SSH_CONNECTION: _remote, ...local } = process.env;
  const before = process.env['PATH'];
  process.env['PATH'] = path;
  try {
    expect(await openOnDesktop(file, { ...local, PATH: path, DISPLAY: ':0' }, 'linux')).toBe(true);
  } finally {
    process.env['PATH'] = before;
  }
  await waitFor(() =>
    readFile(file, 'utf8').then(
      () => true,
      () => false,
    ),
  );
  expectNoSecret(await readFile(file, 'utf8'));
});
