import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { PipedChild } from '../../../src/adapters/piped-child.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { waitFor } from '../../support/wait-for.ts';
import { shoot } from './frames/rig.ts';

const folder = await temporaryFolder();
const source = shoot(folder, 'a.mkv', '-c:v', 'ffv1');
const program = fileURLToPath(new URL('busy-frames.ts', import.meta.url));
const endless = ['-nostdin', '-v', 'error', '-f', 'lavfi', '-i', 'testsrc2', '-f', 'rawvideo', 'pipe:1'];

function childrenOf(pid: number): string[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
}

it.skipIf(process.platform !== 'linux').each(['decode', 'scan', 'scale', 'encode', 'resample'])(
  'ffmpeg ends when the program that reads, feeds or only waits for it is killed: %s',
  async (step) => {
    const target = join(folder, `${step}.mp4`);
    const node = spawn(process.execPath, [program, step, source, target], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => node.stdout.once('data', resolve));
    const children = childrenOf(node.pid ?? 0);
    expect(children).toHaveLength(1);
    node.kill('SIGKILL');
    await waitFor(() => children.every((pid) => !existsSync(`/proc/${pid}`)));
  },
);

it('leaves no process behind whose output is not read', async () => {
  const child = new PipedChild('ffmpeg', endless, { hasInput: false, outputs: 1, signal: undefined });
  await new Promise((resolve) => child.outputs[0]?.once('readable', resolve));
  await child.stop();
  await child.stop();
  expect(await child.ended).toMatchObject({ exitCode: null, startError: null });
});

it('is killed by a signal that was aborted before', async () => {
  const child = new PipedChild('ffmpeg', endless, {
    hasInput: false,
    outputs: 1,
    signal: AbortSignal.abort(),
  });
  expect((await child.ended).exitCode).toBeNull();
});

it('keeps the end of stderr, line by line', async () => {
  const lines: string[] = [];
  const noise = ['-nostdin', '-v', 'debug', '-f', 'lavfi', '-i', 'testsrc2=d=0.1', '-f', 'null', '-'];
  const options = {
    hasInput: false,
    outputs: 0,
    signal: undefined,
    onErrorLine: (line: string) => lines.push(line) > 0,
  } as const;
  const { exitCode, stderrTail } = await new PipedChild('ffmpeg', noise, options).ended;
  expect(exitCode).toBe(0);
  expect(stderrTail.length).toBeLessThanOrEqual(8192);
  expect(stderrTail.endsWith(`${lines.at(-1)}\n`)).toBe(true);
});
