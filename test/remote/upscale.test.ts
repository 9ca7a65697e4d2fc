import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
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

  beforeAll(async () => {
    if (lab === null) return;
    stage = await createRemoteStage(lab);
    film = await makeFilm(stage.folder, 'film.mkv', { seconds, width: 64, height: 36, isRich: true });
    clip = await makeFilm(stage.folder, 'clip.mp4', { seconds: 2 });
  });
  afterEach(() => stage?.network.heal());
  afterAll(async () => await stage?.[Symbol.asyncDispose]());

  it('gives the video that this machine gives: pictures, sound, subtitles and chapters', async () => {
    const [remote, local] = [await upscale(film, 'remote.mkv'), await upscale(film, 'local.mkv', 'local')];
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

  it('goes on where it was when program and worker are killed and the link is cut all the time', async () => {
    const path = join(stage.folder, 'resumed.mkv');
    const { child, ended } = await stage.cli.start(['upscale', film, '-o', path, ...flags()]);
    while ((await segmentsHome()).length === 0) await bringSomeAndCut();
    child.kill('SIGKILL');
    await ended;
    await stage.docker('kill', stage.container());
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
    const resuming = await stage.cli.start(['upscale', '--resume', 'latest', '--json']);
    for (let cut = 0; cut < 3; cut++) await bringSomeAndCut();
    stage.network.heal();
    const resumed = await resuming.ended;
    expect([resumed.code, JSON.parse(resumed.stdout)]).toMatchObject([0, { status: 'complete' }]);
    expect(await hashOf(path)).toBe(whole);
  });

  it('is submitted and left, looked at, and brought home later', async () => {
    const left = await upscale(clip, 'left.mp4', 'gpu1', '--detach');
    expect([left.code, left.json.status]).toEqual([0, 'detached']);
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

  it('makes several videos: stopped, killed and resumed, each as by itself', async () => {
    const films = join(stage.folder, 'films');
    await mkdir(films);
    for (const name of ['a.mp4', 'b.mp4', 'c.mp4', 'd.mp4']) await copyFile(clip, join(films, name));
    const out = join(stage.folder, 'larger');
    const stopped = await killedAt('segment-finished', 'SIGINT', ['upscale', films, '-o', out, ...flags()]);
    expect([stopped.code, stopped.stderr]).toEqual([130, expect.stringMatching(/cosmos (attach|resume) /)]);
    await killedAt('video-finished', 'SIGKILL', ['resume', 'latest', '--no-progress']);
    await stage.docker('kill', stage.container()).catch(() => undefined);
    const resumed = await stage.cli.run(['resume', 'latest', '--json', '--no-progress']);
    expect([resumed.code, JSON.parse(resumed.stdout)]).toMatchObject([0, { counts: { finished: 4 } }]);
    const single = await hashOf(join(stage.folder, 'left.mp4'));
    for (const name of await readdir(films)) expect(await hashOf(join(out, name))).toBe(single);

    const left = await upscale(films, 'left', 'gpu1', '--detach');
    expect([left.code, left.json.status]).toEqual([0, 'detached']);
    const brought = await stage.cli.run(['attach', 'latest', '--json', '--no-progress']);
    expect([brought.code, JSON.parse(brought.stdout)]).toMatchObject([0, { counts: { finished: 4 } }]);
    for (const name of await readdir(films)) expect(await hashOf(join(left.path, name))).toBe(single);
  });

  /** Sends a signal to the program when it tells of such an event. */
  async function killedAt(type: string, signal: NodeJS.Signals, args: readonly string[]) {
    const { child, ended } = await stage.cli.start([...args, '--events', '-']);
    // A second Ctrl-C would end it without a word.
    child.stdout?.on(
      'data',
      (text: string) => !child.killed && text.includes(`"${type}"`) && child.kill(signal),
    );
    return await ended;
  }

  async function upscale(input: string, output: string, host = 'gpu1', ...more: readonly string[]) {
    const path = join(stage.folder, output);
    const end = await stage.cli.run(['upscale', input, '-o', path, ...flags(host), '--json', ...more]);
    expect(end.stderr).not.toContain('unreachable');
    return { ...end, path, json: JSON.parse(end.stdout) };
  }

  /**
   * Lets a part of a segment come home, and then cuts the link; nothing more comes until the next time. What the link
   * lets through may go to opening connections alone, so it is opened again until there is more at home.
   */
  async function bringSomeAndCut(): Promise<void> {
    const before = await bytesHome();
    while ((await bytesHome()) <= before) {
      stage.network.heal();
      stage.network.stallAfter(300_000);
      await waitFor(() => stage.network.isStalled, 240_000);
      stage.network.cut();
    }
  }

  /** How much there is of segments in the folder of the latest run, unfinished ones included. */
  async function bytesHome(): Promise<number> {
    const folder = await segmentsFolder();
    const names = await readdir(folder).catch(() => []);
    const sizes = names.map(async (name) => (await stat(join(folder, name)).catch(() => null))?.size ?? 0);
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  }

  async function segmentsFolder(): Promise<string> {
    const runs = await readdir(stage.cli.checkpointFolder).catch(() => []);
    return join(stage.cli.checkpointFolder, runs.sort().at(-1) ?? '', 'segments');
  }

  /** Files of segments that are in the folder of the latest run. */
  async function segmentsHome(): Promise<readonly string[]> {
    const files = await readdir(await segmentsFolder()).catch(() => []);
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
