import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { makeFilm } from '../support/film.ts';
import { createRemoteStage, type RemoteStage } from '../support/lab/remote-stage.ts';
import { waitFor } from '../support/wait-for.ts';

const lab = inject('lab');
const three = 'gpu1,gpu2,gpu3';

/** What a user does with three boxes that are reached over SSH and run Docker. */
describe.skipIf(lab === null)('one run over several hosts', () => {
  let stage: RemoteStage;
  let film = '';

  beforeAll(async () => {
    if (lab === null) return;
    const sections = {
      'hosts.gpu2': {},
      'hosts.gpu3': {},
      'pools.boxes': { hosts: ['gpu1', 'gpu2', 'gpu3'] },
    };
    stage = await createRemoteStage(lab, { sections });
    film = await makeFilm(stage.folder, 'film.mkv', { seconds: 20, width: 64, height: 36, isRich: true });
  });
  afterAll(async () => await stage?.[Symbol.asyncDispose]());

  async function make(command: readonly string[], output: string, host: string, source = film) {
    const path = join(stage.folder, output);
    const flags = ['--host', host, '--preset', 'ultrafast', '--json', '--no-progress'];
    const end = await stage.cli.run([...command, source, '-o', path, ...flags]);
    return { ...end, path, json: JSON.parse(end.stdout) };
  }

  const upscale = (output: string, host: string, ...more: readonly string[]) =>
    make(['upscale', '--dedupe', 'off', ...more], output, host);

  const hashOf = async (path: string) =>
    createHash('sha256')
      .update(await readFile(path))
      .digest('hex');

  it('makes the same bytes as one host, and says who made which segment', async () => {
    const one = await upscale('one.mkv', 'gpu1');
    const several = await upscale('several.mkv', three);
    expect([one.code, several.code, several.stderr]).toEqual([0, 0, expect.not.stringContaining('refused')]);
    expect(await hashOf(several.path)).toBe(await hashOf(one.path));
    const report = JSON.parse(await readFile(several.json.report.json, 'utf8'));
    const machines: { machine: string; tasks: number; state: string }[] = report.machines;
    expect(machines.map(({ machine }) => machine).sort()).toEqual(['gpu1', 'gpu2', 'gpu3']);
    expect(machines.reduce((sum, { tasks }) => sum + tasks, 0)).toBe(report.segments.length);
    expect(await readFile(several.json.report.html, 'utf8')).toContain('<h2 id="machines">Machines</h2>');
  });

  it('processes regions to the same bytes as one host, masks and frames from beyond the segments included', async () => {
    const mask = join(stage.folder, 'mask.mkv');
    const disc = "nullsrc=s=64x36:r=24:d=20,geq=lum='255*lt(hypot(X-8-N/12,Y-18),6)':cb=128:cr=128";
    execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', disc, '-c:v', 'ffv1', mask]);
    const command = ['retouch', '--region', '50%,70%,40%,20%@3-17', '--mask', mask];
    const one = await make(command, 'masked-one.mkv', 'gpu1');
    const several = await make(command, 'masked-several.mkv', three);
    expect([one.code, several.code]).toEqual([0, 0]);
    expect(await hashOf(several.path)).toBe(await hashOf(one.path));
  });

  it('is submitted and left, loses a host, and is brought home', async () => {
    const left = await upscale('left.mkv', 'boxes', '--detach');
    expect(left.json.status).toBe('detached');
    const runId: string = left.json.run_id;
    await waitFor(async () => (await readdir(join(stage.rootOf('gpu2'), 'runs'))).includes(runId));
    await stage.docker('kill', stage.container()).catch(() => undefined);
    const brought = await stage.cli.run(['attach', runId, '--json', '--no-progress']);
    expect([brought.code, JSON.parse(brought.stdout)]).toMatchObject([0, { status: 'complete' }]);
    expect(await hashOf(left.path)).toBe(await hashOf(join(stage.folder, 'one.mkv')));
  });

  it('makes several videos of a folder, each to the same bytes', async () => {
    const films = join(stage.folder, 'films');
    await mkdir(films);
    for (const name of ['a.mkv', 'b.mkv']) await copyFile(film, join(films, name));
    const made = await make(['upscale', '--dedupe', 'off'], 'larger', three, films);
    expect([made.code, made.json]).toMatchObject([0, { counts: { finished: 2 } }]);
    const one = await hashOf(join(stage.folder, 'one.mkv'));
    for (const name of ['a.mkv', 'b.mkv']) expect(await hashOf(join(made.path, name))).toBe(one);
  });
});
