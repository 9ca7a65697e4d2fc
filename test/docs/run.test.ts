import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeClip } from '../support/clips.ts';
import { Cli } from '../support/run-cli.ts';
import { programEnvironment } from '../support/sample-videos.ts';
import { bundleModelPrograms } from '../support/stand-in/bundle-program.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { linesOf, typeLine } from './type-line.ts';

const examples = linesOf('docs/run.md').filter((line) => line.startsWith('cosmos '));
const programs = await temporaryFolder();

let cli: Cli;

/** What a reader types, in the order of the page, with stand-ins for the models' programs. */
describe('docs/run.md', () => {
  beforeAll(async () => {
    await bundleModelPrograms(programs);
    const folder = await temporaryFolder();
    cli = new Cli(folder, programEnvironment(programs, join(folder, 'journal.jsonl')));
    const specs = join(cli.workingFolder, 'specs');
    await mkdir(specs, { recursive: true });
    await makeClip(join(cli.workingFolder, 'clip.mp4'), { width: 320, height: 180, seconds: 1 });
    for (const name of ['harbour_dawn', 'night_street']) {
      const spec = {
        name,
        prompt: 'Cranes',
        input_video_path: '../clip.mp4',
        control_inputs: { edge: null },
      };
      await writeFile(join(specs, `${name}.json`), JSON.stringify(spec));
    }
  });

  it('has examples', () => expect(examples.length).toBeGreaterThan(8));

  it.each(examples.map((line, index) => ({ line, index })))('runs: $line', async ({ line }) => {
    const { code, output } = await typeLine(line, cli);
    expect(code, output).toBe(0);
  });
});
