import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Cli } from '../support/run-cli.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const version = /^cosmos\/\d+\.\d+\.\d+ \S+ node-v\d+/;

const cli = new Cli(await temporaryFolder());

it.each(['--version', '-v', 'version'])('cosmos %s says which version it is', async (given) => {
  expect(await cli.run([given])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(version),
  });
});

describe('help', () => {
  it('names all that the program does, and the pages it has', async () => {
    const { stdout } = await cli.run(['--help']);
    const [first = ''] = stdout.split('\n\nVERSION');
    for (const what of [
      'Enrich prompts',
      'run Cosmos models',
      'upscale videos',
      'retouch regions',
      'many machines',
    ])
      expect(first.replaceAll(/\s+/g, ' ')).toContain(what);
    expect(stdout).toMatch(/PAGES[\s\S]*exit-codes[\s\S]*docs\/resume/);
  });

  it.each([
    { page: 'exit-codes', says: '| 5 |' },
    { page: 'docs/resume', says: '# ' },
    { page: 'docs/hosts.md', says: 'known_hosts' },
    { page: 'formats/prompt-spec', says: 'input_video_path' },
  ])('shows the page $page, as messages name it', async ({ page, says }) => {
    const shown = await cli.run(['help', page]);
    expect(shown).toMatchObject({ code: 0, stdout: expect.stringContaining(says) });
    expect(shown.stdout).not.toContain('<!--');
  });

  it('is that of the command where one has the name, and of nothing else outside the docs', async () => {
    expect((await cli.run(['help', 'resume'])).stdout).toContain('USAGE');
    const unknown = await cli.run(['help', 'exit-code']);
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('cosmos help exit-codes') });
    expect((await cli.run(['help', '../README'])).code).toBe(2);
  });
});

it.skipIf(process.platform === 'win32')(
  'bash completes commands, flags, values, runs and files',
  async () => {
    const run = '20260301-101500-7f3a9c';
    expect((await cli.run(['autocomplete', 'bash'])).code).toBe(0);
    await mkdir(join(cli.workingFolder, 'checkpoints', run), { recursive: true });
    await writeFile(join(cli.workingFolder, 'checkpoints', run, 'checkpoint.json'), '{}');
    const script = `
    source "$1"
    complete -p cosmos
    ask() { COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _cosmos_complete cosmos; echo "$*: \${COMPREPLY[*]}"; }
    ask cosmos batch
    ask cosmos queue ''
    ask cosmos upscale --pre
    ask cosmos upscale --preset ultra
    ask cosmos batch-upsample --engine = op
    ask cosmos run --family cosmos
    ask cosmos resume 2026
    ask cosmos autocomplete z
    ask cosmos upscale ./fi
    ask cosmos upscale film.mkv --output ./fi`;
    const functions = join(cli.env['XDG_CACHE_HOME'] ?? '', 'cosmos/autocomplete/functions/bash/cosmos.bash');
    const { stdout, stderr } = await promisify(execFile)(
      'bash',
      ['--norc', '-c', script, 'bash', functions],
      {
        cwd: cli.workingFolder,
      },
    );
    expect(stderr).toBe('');
    expect(stdout.split('\n')).toEqual([
      // Where none of our words fits, bash completes a file.
      'complete -o bashdefault -o default -F _cosmos_complete cosmos',
      'cosmos batch: batch-upsample',
      'cosmos queue : drain prune retry status',
      'cosmos upscale --pre: --preset --preview',
      'cosmos upscale --preset ultra: ultrafast',
      'cosmos batch-upsample --engine = op: openai',
      'cosmos run --family cosmos: cosmos3',
      `cosmos resume 2026: ${run}`,
      'cosmos autocomplete z: zsh',
      'cosmos upscale ./fi: ',
      'cosmos upscale film.mkv --output ./fi: ',
      '',
    ]);
  },
);
