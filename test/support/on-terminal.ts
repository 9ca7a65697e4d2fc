import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { shellQuoted } from '../../src/core/run/shell-quoted.ts';
import type { Cli } from './run-cli.ts';

const program = resolve(import.meta.dirname, '../../bin/run.js');

/** Runs a command of the program in a terminal of its own, and answers its first question. */
export async function runOnTerminal(
  { workingFolder: cwd, env }: Pick<Cli, 'workingFolder' | 'env'>,
  args: readonly string[],
  answer: string,
): Promise<{ readonly code: number | null; readonly output: string }> {
  const command = [process.execPath, program, ...args].map(shellQuoted).join(' ');
  const child = spawn('script', ['-qec', command, '/dev/null'], { cwd, env });
  let output = '';
  let isAnswered = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (isAnswered || !output.includes('[y/N]')) return;
    isAnswered = true;
    child.stdin.write(`${answer}\n`);
  });
  child.stderr.resume();
  const code = await new Promise<number | null>((settle, fail) => {
    child.once('error', fail);
    child.once('close', settle);
  });
  return { code, output };
}
