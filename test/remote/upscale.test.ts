import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { describeFile, framesHash, makeFilm, packetHashes } from '../support/film.ts';
import { createRemoteStage, type RemoteStage } from '../support/lab/remote-stage.ts';
import { waitFor } from '../support/wait-for.ts';

const lab = inject('lab');
/** Several segments of small frames. */
const seconds = 60;

/** What a user does with a video and a host that only has the upsampler's image; each step stands on those before. */
describe.skipIf(lab === null)('upscale on a host', () => {
  let stage: RemoteStage;
  let film = '';
  let clip = '';
  let whole = '';
  let segments = 0;
  /** How much the host sent for the whole film. */
  let filmBytes = 0;

  beforeAll(async () => {
    if (lab === null) return;
    stage = await createRemoteStage(lab);
    film = await makeFilm(stage.folder, 'film.mkv', { seconds, width: 64, height: 36, isRich: true });
    clip = await makeFilm(stage.folder, 'clip.mp4', { seconds: 2 });
  });
  afterAll(async () => await stage?.[Symbol.asyncDispose]());

  it('gives the video that this machine gives: pictures, sound, subtitles and chapters', async () => {
    const before = stage.network.bytes.toClient;
    const remote = await upscale(film, 'remote.mkv');
    filmBytes = stage.network.bytes.toClient - before;
    const local = await upscale(film, 'local.mkv', 'local');
    console.log({ filmBytes, segments: remote.json.counts.segments });
    expect([remote.code, local.code]).toEqual([0, 0]);
    expect(remote.json).toMatchObject({ status: 'complete', host: 'gpu1' });
    segments = remote.json.counts.segments;
    expect(segments).toBeGreaterThan(2);
    // Encoded without loss: what x264 makes of frames depends on its threads, which machines have more or less of.
    expect(await framesHash(remote.path)).toEqual(await framesHash(local.path));
    for (const kind of ['a', 's'] as const)
      expect(await packetHashes(remote.path, kind)).toEqual(await packetHashes(film, kind));
    expect((await describeFile(remote.path)).chapters).toHaveLength(2);
    whole = await hashOf(remote.path);
  });

  it('leaves results and the source on the host, and no file of a segment', async () => {
    const [runId = ''] = await readdir(join(stage.root, 'runs'));
    const inRun = async (folder: string) => await readdir(join(stage.root, 'runs', runId, folder));
    expect([await inRun('segments'), (await inRun('results')).length]).toEqual([[], segments]);
    expect(await readdir(join(stage.root, 'objects'))).toEqual([await hashOf(film)]);
    expect(await readdir(join(stage.root, 'incoming'))).toEqual([]);
  });

  it('goes on where it was when program and worker are killed and every connection is cut', async () => {
    const { network } = stage;
    network.cutEachAfter(filmBytes / 8);
    // The program cannot get so far that nothing is left to do.
    network.stallAfter(0.75 * filmBytes);
    const path = join(stage.folder, 'resumed.mkv');
    const { child, ended } = await stage.cli.start(['upscale', film, '-o', path, ...flags()]);
    await waitFor(async () => (await segmentsHome()).length > 0, 60_000);
    child.kill('SIGKILL');
    await ended;
    await stage.docker('kill', stage.container());
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
    network.heal();
    network.cutEachAfter(filmBytes / 8);
    const resumed = await stage.cli.run(['upscale', '--resume', 'latest', '--json'], 60_000);
    network.heal();
    expect([resumed.code, JSON.parse(resumed.stdout)]).toMatchObject([0, { status: 'complete' }]);
    expect(await hashOf(path)).toBe(whole);
  });

  it('is handed over and left, looked at, and brought home later', async () => {
    const left = await upscale(clip, 'left.mp4', 'gpu1', '--detach');
    expect([left.code, left.json.status]).toEqual([4, 'detached']);
    const state = async () => {
      const { runs } = JSON.parse((await stage.cli.run(['runs', '--check', '--json'])).stdout);
      return runs[0].on_host.state;
    };
    await waitFor(async () => (await state()) === 'finished', 60_000);
    expect((await stage.cli.run(['logs', 'latest'])).stdout).toContain(left.json.run_id);
    const brought = await stage.cli.run(['attach', 'latest', '--json']);
    expect([brought.code, JSON.parse(brought.stdout)]).toMatchObject([0, { status: 'complete' }]);
    expect((await stat(left.path)).size).toBeGreaterThan(1000);
  });

  async function upscale(input: string, output: string, host = 'gpu1', ...more: readonly string[]) {
    const path = join(stage.folder, output);
    const end = await stage.cli.run(['upscale', input, '-o', path, ...flags(host), '--json', ...more]);
    expect(end.stderr).not.toContain('unreachable');
    return { ...end, path, json: JSON.parse(end.stdout) };
  }

  /** Files of segments that are in the folder of the latest run. */
  async function segmentsHome(): Promise<readonly string[]> {
    const runs = await readdir(stage.cli.checkpointFolder).catch(() => []);
    const files = await readdir(join(stage.cli.checkpointFolder, runs.sort().at(-1) ?? '', 'segments')).catch(
      () => [],
    );
    return files.filter((name) => name.endsWith('.mp4'));
  }
});

function flags(host = 'gpu1'): string[] {
  return ['--host', host, '--crf', '0', '--preset', 'ultrafast', '--dedupe', 'off', '--no-progress'];
}

async function hashOf(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}
