import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isAlive } from '../../../support/served-rig.ts';
import { waitFor } from '../../../support/wait-for.ts';

const folder = join(import.meta.dirname, '../../../../src/worker/program');

/** Starts a server that ignores SIGTERM and has a child of its own, tells both, and stays. */
const owner = `
import { ProgramProcess } from '${folder}/program-process.ts';
const child = 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000);';
const server = child + 'const own = require("child_process").spawn(process.execPath, ["-e", ' + JSON.stringify(child)
  + '], { stdio: "inherit" }); console.log(process.pid + " " + own.pid);';
const output = { reader: () => (chunk) => chunk && process.stdout.write(chunk) };
await ProgramProcess.start({ command: [process.execPath, '-e', server], environment: process.env, output, stopGraceMs: 200 });
setInterval(() => {}, 1000);
`;

it('a server and its children end also when their owner is killed', async () => {
  const process = spawn(globalThis.process.execPath, ['--input-type=module', '-e', owner], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(process.stdout, 'data');
  const pids = String(line).trim().split(' ').map(Number);
  expect(pids.map(isAlive)).toEqual([true, true]);
  process.kill('SIGKILL');
  await waitFor(() => !pids.some(isAlive), 5_000);
});
