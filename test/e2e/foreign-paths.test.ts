import { execFileSync } from 'node:child_process';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findPrograms } from '../../src/adapters/ffmpeg/programs.ts';
import { makeClip } from '../support/clips.ts';
import { Cli } from '../support/run-cli.ts';
import { sampleSpec, writeSpecs } from '../support/spec-builder.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = await temporaryFolder();
let users = 0;

interface Row {
  readonly spec: string;
  readonly code: string | null;
  readonly message: string | null;
}

/** A user whose specs name these videos; one clip lies at `art/day 1/clip.mp4`. */
async function userWith(videos: Readonly<Record<string, string>>): Promise<Cli> {
  const cli = new Cli(join(folder, `user-${users++}`));
  await makeClip(join(cli.workingFolder, 'art', 'day 1', 'clip.mp4'), { width: 128, height: 72 });
  const entries = Object.entries(videos).map(([name, video]) => [
    name,
    sampleSpec({ input_video_path: video }),
  ]);
  await writeSpecs(join(cli.workingFolder, 'specs'), Object.fromEntries(entries));
  return cli;
}

async function plan(cli: Cli, ...flags: string[]): Promise<Row[]> {
  const { stdout } = await cli.run(['plan', 'specs', '--json', ...flags]);
  return JSON.parse(stdout).specs;
}

async function failureOf(cli: Cli, ...args: string[]) {
  const { stdout, code } = await cli.run(['batch-upsample', 'specs', '--json', '--no-progress', ...args]);
  const { failures, error } = JSON.parse(stdout);
  return { code, ...(failures?.[0] ?? error) };
}

describe('a path of another machine', () => {
  const foreign = {
    drive: 'F:\\Art\\day 1\\clip.mp4',
    share: '\\\\render\\Art\\day 1\\clip.mp4',
    'share with slashes': '//render/Art/day 1/clip.mp4',
    'another home': '/Users/ann/Art/day 1/clip.mp4',
  };

  it.each(Object.entries(foreign))('is named with what to do, which works: %s', async (_name, video) => {
    const cli = await userWith({ 'a.json': video });
    const failure = await failureOf(cli);
    expect(failure).toMatchObject({ code: 'video-unreadable', message: expect.stringContaining(video) });
    const said = /--map (?:'([^']+)=\/here'|(\S+)=\/here)/.exec(failure.next_step);
    const from = said?.[1] ?? said?.[2] ?? '';
    expect(video.startsWith(from)).toBe(true);
    const rows = await plan(cli, '--map', `${from}=art/day 1`);
    expect(rows).toMatchObject([{ spec: 'a.json', code: null, video: { width: 128 } }]);
  });

  it('is mapped by config.toml, and a flag holds against it', async () => {
    const cli = await userWith({ 'a.json': foreign.drive, 'b.json': foreign.share });
    const map = `map = { "F:/Art" = "art", "//render/Art" = "nowhere" }`;
    await writeFile(join(cli.workingFolder, 'config.toml'), `[paths]\n${map}\n`);
    expect(await plan(cli)).toMatchObject([{ code: null }, { code: 'video-unreadable' }]);
    expect((await plan(cli))[1]?.message).toContain(join(cli.workingFolder, 'nowhere/day 1/clip.mp4'));
    const flags = ['--map', '//render/Art=art'];
    expect(await plan(cli, ...flags)).toMatchObject([{ code: null }, { code: null }]);
    expect(await failureOf(cli, ...flags)).toEqual({ code: 0 });
  });

  it('is not mapped by what is no map', async () => {
    const cli = await userWith({ 'a.json': foreign.drive });
    const end = await cli.run(['plan', 'specs', '--map', 'F:/Art']);
    expect(end).toMatchObject({ code: 2, stderr: expect.stringContaining('is not FROM=TO') });
  });
});

describe('a name that is not UTF-8', () => {
  const latin1 = (name: string) => Buffer.from(name, 'latin1');

  it('of a spec, a folder of specs or a video is named as such, and the rest is done', async () => {
    const cli = await userWith({ 'good.json': 'art/day 1/clip.mp4', 'café.json': 'art/day 1/Größe.mp4' });
    const at = (...names: string[]) => join(cli.workingFolder, ...names);
    await rename(at('art', 'day 1', 'clip.mp4'), at('art', 'day 1', 'keep.mp4'));
    await makeClip(at('art', 'day 1', 'clip.mp4'), { width: 128, height: 72 });
    await rename(
      at('art', 'day 1', 'keep.mp4'),
      Buffer.concat([Buffer.from(`${at('art', 'day 1')}/`), latin1('Größe.mp4')]),
    );
    await writeFile(Buffer.concat([Buffer.from(`${at('specs')}/`), latin1('señal.json')]), '{}');
    await mkdir(Buffer.concat([Buffer.from(`${at('specs')}/`), latin1('Ordner ü')]));
    // One that holds the sign for what cannot be read is a name like any other.
    await writeSpecs(at('specs'), {
      'odd \uFFFD.json': sampleSpec({ input_video_path: 'art/day 1/clip.mp4' }),
    });
    const { stdout, stderr } = await cli.run(['plan', 'specs', '--json']);
    const rows: Row[] = JSON.parse(stdout).specs;
    expect(Object.fromEntries(rows.map(({ spec, message }) => [spec, message]))).toEqual({
      'good.json': null,
      'odd \uFFFD.json': null,
      'café.json': expect.stringMatching(/the name of .*day 1\/Gr\\xF6\\xDFe\.mp4 is not UTF-8/),
      'se\\xF1al.json': 'se\\xF1al.json: its name is not UTF-8, so it cannot be read.',
    });
    expect(stderr).toContain('Ordner \\xFC cannot be read and is left out');
    expect(await failureOf(cli)).toMatchObject({
      code: expect.stringMatching(/spec-invalid|video-unreadable/),
    });
  });
});

describe('a picture as input video', () => {
  it.each(['png', 'jpg', 'webp', 'bmp', 'tiff'])(
    '%s is named, and the command that is said makes a video',
    async (ending) => {
      const cli = await userWith({ 'a.json': `picture 1.${ending}` });
      const picture = join(cli.workingFolder, 'specs', `picture 1.${ending}`);
      const source = ['-f', 'lavfi', '-i', 'testsrc2=s=129x73', '-frames:v', '1'];
      execFileSync(findPrograms().ffmpeg, ['-v', 'error', ...source, picture]);
      const failure = await failureOf(cli);
      expect(failure.message).toMatch(/it is a picture \(\w+\), not a video/);
      const command = /in the spec: ffmpeg (.*)$/.exec(failure.next_step)?.[1] ?? '';
      execFileSync('sh', ['-c', `"$0" -v error ${command}`, findPrograms().ffmpeg]);
      await writeSpecs(join(cli.workingFolder, 'specs'), {
        'a.json': sampleSpec({ input_video_path: 'picture 1.mp4' }),
      });
      expect(await plan(cli)).toMatchObject([{ code: null, video: { width: 128, height: 72 } }]);
    },
  );
});

it.each([
  { rule: 'with its id', document: { id: 'rs_0123456789ab', prompt_id: 'ps_0123456789ab', name: 'x' } },
  { rule: 'with the older id', document: { id: 'rs:0123456789ab' } },
  {
    rule: 'without an id',
    document: { prompt_id: 'ps_0123456789ab', control_weights: { vis: 0.25 }, parameters: { num_steps: 35 } },
  },
])('a RunSpec is left out, and nothing is wrong with it: $rule', async ({ document }) => {
  const cli = await userWith({ 'a.json': 'art/day 1/clip.mp4' });
  await writeSpecs(join(cli.workingFolder, 'specs'), { 'rs_x.json': document });
  const { code, stderr } = await cli.run(['batch-upsample', 'specs', '--no-progress']);
  expect([code, stderr]).toEqual([0, expect.stringMatching(/RunSpecs are left out.*: rs_x\.json\./)]);
  await rm(join(cli.workingFolder, 'specs', 'a.json'));
  expect(await failureOf(cli)).toMatchObject({
    code: 'no-valid-spec',
    message: expect.stringContaining('only RunSpecs'),
  });
});
