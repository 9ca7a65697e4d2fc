import { spawn } from 'node:child_process';
import { existsSync, openSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeClip } from '../support/clips.ts';
import { Cli } from '../support/run-cli.ts';
import { sampleSpec, writeSpecs } from '../support/spec-builder.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const cli = new Cli(await temporaryFolder());
const program = resolve(import.meta.dirname, '../../bin/run.js');
const specCount = 300;

beforeAll(async () => {
  const specs = join(cli.workingFolder, 'specs');
  await makeClip(join(specs, 'clip.mp4'), { width: 256, height: 144 });
  const list = Array.from({ length: specCount }, (_, at) => [
    `${at}.json`,
    sampleSpec({ prompt: `Scene ${at}` }),
  ]);
  await writeSpecs(specs, Object.fromEntries(list));
});

/** Runs the program with its output going somewhere that does not take it. */
async function runInto(
  stdout: number | 'pipe',
  args: readonly string[],
): Promise<{ code: number | null; stderr: string }> {
  const options = { cwd: cli.workingFolder, env: cli.env, stdio: ['ignore', stdout, 'pipe'] as const };
  const child = spawn(process.execPath, [program, ...args], { ...options, stdio: [...options.stdio] });
  // Closed after the first bytes, as `| head -1` does.
  child.stdout?.once('data', () => child.stdout?.destroy());
  let stderr = '';
  child.stderr?.on('data', (part) => {
    stderr += String(part);
  });
  return await new Promise((settle) => child.once('close', (code) => settle({ code, stderr })));
}

describe('output that is not taken', () => {
  it('a pipe that is closed early is no failure', async () => {
    const end = await runInto('pipe', ['plan', 'specs', '--json']);
    expect(end).toEqual({ code: 0, stderr: '' });
  });

  it.skipIf(!existsSync('/dev/full'))('a full disk is told in a sentence, with exit code 1', async () => {
    const end = await runInto(openSync('/dev/full', 'w'), ['plan', 'specs', '--json']);
    expect(end.code).toBe(1);
    expect(end.stderr).toContain('The output cannot be written');
    expect(end.stderr).not.toMatch(/\n\s+at /);
  });
});
