import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { framesHash, makeFilm } from '../support/film.ts';
import { createRemoteStage, type RemoteStage, type Sections } from '../support/lab/remote-stage.ts';
import { makeUpscalerBase } from '../support/lab/upscaler-base.ts';
import { runOnTerminal } from '../support/on-terminal.ts';
import { networkModel, sampleNetwork } from '../support/onnx/sample-models.ts';

const lab = inject('lab');
const image = 'cosmos-upscaler:lab';

/** From a host that knows nothing of upscaling to a video made by a model; each step stands on those before. */
describe.skipIf(lab === null)('upscale with a model on a host', () => {
  let stage: RemoteStage;
  let baseImage = '';
  let clip = '';
  let model: string[] = [];

  beforeAll(async () => {
    if (lab === null) return;
    stage = await createRemoteStage(lab);
    baseImage = await makeUpscalerBase(lab);
    await configure();
    clip = await makeFilm(stage.folder, 'clip.mp4', { seconds: 1 });
    const path = join(stage.folder, 'model.onnx');
    await writeFile(path, networkModel(sampleNetwork(2, [3, 3])));
    model = ['--model', path, '--tile', '0', '--workers', '2'];
  });
  afterAll(async () => await stage?.[Symbol.asyncDispose]());

  it('says what is missing, and what to do', async () => {
    const { code, json } = await upscale('missing.mp4', 'gpu1', ...model);
    expect([code, json.error]).toMatchObject([2, { code: 'image-missing' }]);
    expect(json.error.next_step).toContain('cosmos host prepare gpu1 --upscaler');
    const { checks } = JSON.parse((await stage.cli.run(['doctor', '--host', 'gpu1', '--json'])).stdout);
    expect(checks.find(({ name }: { name: string }) => name === 'gpu1: upscaler image')).toMatchObject({
      status: 'ok',
      detail: expect.stringContaining('needed only to upscale with a model'),
    });
  });

  it('says so where the image has no ONNX Runtime', async () => {
    await configure({ upscaler_image: lab?.image ?? '' });
    const { code, json } = await upscale('lacking.mp4', 'gpu1', ...model);
    expect([code, json.error]).toMatchObject([2, { code: 'prerequisite-missing' }]);
    expect(json.error.message).toContain('ONNX Runtime cannot be loaded');
    expect(json.error.next_step).toContain('cosmos host prepare gpu1 --upscaler');
    await configure();
  });

  it('offers on a terminal to prepare the host, and the run continues then', async () => {
    const path = join(stage.folder, 'offered.mp4');
    const args = [
      'upscale',
      clip,
      '-o',
      path,
      '--host',
      'gpu1',
      '--crf',
      '0',
      '--preset',
      'ultrafast',
      ...model,
    ];
    const refused = await runOnTerminal(stage.cli, args, 'n');
    expect(refused.output).toContain(`does not have the image ${image}. Prepare gpu1 now? [y/N]`);
    expect(refused.code).toBe(2);
    const { code, output } = await runOnTerminal(stage.cli, args, 'y');
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(await framesHash(path)).not.toBe('');
    // The tests below begin without a worker.
    const { slots } = JSON.parse((await stage.cli.run(['host', 'status', 'gpu1', '--json'])).stdout);
    for (const { container } of slots) await stage.docker('rm', '-f', container);
  });

  it('is prepared, and then needs nothing more', async () => {
    const prepare = async () =>
      JSON.parse((await stage.cli.run(['host', 'prepare', 'gpu1', '--upscaler', '--json'])).stdout);
    expect(await prepare()).toMatchObject({ image, outcome: 'present' });
    // Other tests tidy the same engine: what has a name of somebody's own is left alone.
    await stage.docker('tag', image, 'kept-for-a-test:1');
    expect(await prepare()).toMatchObject({ image, outcome: 'present' });
    const { stdout } = await stage.cli.run(['host', 'status', 'gpu1', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      image: { is_present: true },
      upscaler_image: { name: image, is_present: true },
    });
  });

  it("does not take a container that is at work, and cancels another one's work when told to", async () => {
    const long = await makeFilm(stage.folder, 'long.mp4', { seconds: 20, width: 320, height: 180 });
    const slow = ['--scale', '4', '--preset', 'veryslow', '--detach'];
    const path = join(stage.folder, 'long-4x.mp4');
    const left = await stage.cli.run(['upscale', long, '-o', path, '--host', 'gpu1', ...slow, '--json']);
    expect(left.code).toBe(0);
    const { code, json } = await upscale('busy.mp4', 'gpu1', ...model);
    expect([code, json.error]).toMatchObject([5, { code: 'host-busy' }]);
    const { run_id: runId } = JSON.parse(left.stdout);
    expect(json.error.next_step).toContain(`cosmos cancel ${runId}`);
    expect((await stage.cli.run(['cancel', runId])).code).toBe(0);
    const { runs } = JSON.parse((await stage.cli.run(['runs', '--check', '--json'])).stdout);
    expect(runs.find((run: { run_id: string }) => run.run_id === runId).on_host.state).toBe('stopped');
  });

  it('gives the frames that this machine gives, confined, on the processor where there is no GPU', async () => {
    await configure({ gpus: 'all' });
    const remote = await upscale('remote.mp4', 'gpu1', ...model);
    const local = await upscale('local.mp4', 'local', ...model);
    expect([remote.code, local.code, remote.json.engine]).toEqual([0, 0, 'onnx']);
    expect(await framesHash(remote.path)).toBe(await framesHash(local.path));
    const [facts] = JSON.parse(await stage.docker('inspect', stage.container()));
    expect(facts.HostConfig).toMatchObject({ NetworkMode: 'none', CapDrop: ['ALL'], ReadonlyRootfs: true });
    expect(facts.Image).toBe((await stage.docker('inspect', '-f', '{{.Id}}', image)).trim());
    const logs = await stage.cli.run(['logs', remote.json.run_id]);
    expect(logs.stdout).toContain('the model runs on the CPU');
  });

  it('serves what needs no model as well, in the same container', async () => {
    const startedAt = () => stage.docker('inspect', '-f', '{{.State.StartedAt}}', stage.container());
    const before = await startedAt();
    expect((await upscale('plain.mp4', 'gpu1')).code).toBe(0);
    expect(await startedAt()).toBe(before);
    const { stdout } = await stage.cli.run(['host', 'status', 'gpu1', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ slots: [{ state: 'running' }], gpus: [] });
  });

  it('is enough for what needs no model where there is no other image', async () => {
    await stage.docker('rm', '--force', stage.container());
    await configure({ image: 'cosmos-upsampler:not-there' });
    expect((await upscale('alone.mp4', 'gpu1')).code).toBe(0);
    const { checks } = JSON.parse((await stage.cli.run(['doctor', '--host', 'gpu1', '--json'])).stdout);
    const found = checks.filter(({ name }: { name: string }) => name.endsWith('image'));
    expect(found.map(({ status }: { status: string }) => status)).toEqual(['ok', 'ok', 'ok']);
  });

  async function configure(host: NonNullable<Sections[string]> = {}): Promise<void> {
    const own = { upscaler_image: image, upscaler_base_image: baseImage };
    await stage.configure({ 'hosts.gpu1': { ...own, ...host } });
  }

  async function upscale(output: string, host: string, ...more: readonly string[]) {
    const path = join(stage.folder, output);
    const quick = ['--crf', '0', '--preset', 'ultrafast', '--no-progress', '--json'];
    const end = await stage.cli.run(['upscale', clip, '-o', path, '--host', host, ...quick, ...more]);
    return { ...end, path, json: JSON.parse(end.stdout) };
  }
});
