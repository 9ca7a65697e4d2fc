import { type ExecFileException, execFile } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { Cli } from '../support/run-cli.ts';
import { readPage, root } from './markdown.ts';

const run = promisify(execFile);

/** What a reader types, line by line, in the order of the page: its blocks of shell, without comments. */
export function linesOf(path: string): string[] {
  return readPage(path)
    .blocks.filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => text.replaceAll('\\\n', ' ').split('\n'))
    .map((line) => line.replace(/\s+#.*$/, '').trim());
}

/** Types a line into a shell in the reader's folder, with `cosmos` on the PATH. */
export async function typeLine(
  line: string,
  { workingFolder: cwd, env }: Pick<Cli, 'workingFolder' | 'env'>,
): Promise<{ code: number; output: string }> {
  const PATH = [join(root, 'scripts'), env['PATH']].join(delimiter);
  try {
    const { stdout, stderr } = await run('bash', ['-c', line], {
      cwd,
      env: { ...env, PATH },
      timeout: 60_000,
    });
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as ExecFileException;
    return { code: typeof code === 'number' ? code : -1, output: stdout + stderr };
  }
}
