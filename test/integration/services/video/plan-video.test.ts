import { link, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { outputLock } from '../../../../src/adapters/run-store/run-locks.ts';
import { FfmpegVideoTool } from '../../../../src/adapters/video/ffmpeg-video-tool.ts';
import { resolveSettings } from '../../../../src/core/settings/resolve-settings.ts';
import { upscaleFormat } from '../../../../src/core/video/video-checkpoint.ts';
import { partialObserver } from '../../../../src/output/progress/observers.ts';
import type { VideoObserver } from '../../../../src/ports/run-observer.ts';
import { upscaleOperation } from '../../../../src/services/upscale/upscale-operation.ts';
import { planVideo } from '../../../../src/services/video/plan-video.ts';
import { scanVideo } from '../../../../src/services/video/scan-video.ts';
import { MemoryHost } from '../../../support/memory-host.ts';
import { sampleUpscaleCheckpoint, sampleUpscalePlan } from '../../../support/sample-upscale-plan.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { createTestPorts } from '../../../support/test-ports.ts';
import { ffmpeg, noAbort, shoot } from '../../adapters/frames/rig.ts';

const folder = await temporaryFolder();
const observer = partialObserver<VideoObserver>({});
const film = shoot(folder, 'film.mkv');
await mkdir(join(folder, 'made.mp4'));
await symlink(folder, join(folder, 'linked'));
await symlink(film, join(folder, 'link.mkv'));
await link(film, join(folder, 'second-name.mkv'));
await writeFile(join(folder, 'other.mkv'), 'mine');

it.each([
  { what: 'the video', output: 'film.mkv' },
  { what: 'the video through a linked folder', output: 'linked/film.mkv' },
  { what: 'a link to the video', output: 'link.mkv' },
  { what: 'another name of the video', output: 'second-name.mkv' },
  { what: 'a folder', output: 'made.mp4' },
  { what: 'a file in a folder that is not there', output: 'missing/new.mkv' },
])('refuses as output, even when told to replace it: $what', async ({ output }) => {
  await expect(plan(output)).rejects.toMatchObject({ code: 'usage-invalid' });
});

it.each(['other.mkv', 'new.mkv'])('takes any other output: %s', async (output) => {
  expect((await plan(output)).timeline.times.length).toBeGreaterThan(12);
});

it.each([
  { name: 'an even rate', rate: '25', step: 0.04, seconds: 0.08 },
  { name: 'a picture every 4 seconds', rate: '1/4', step: 4, seconds: 8 },
  { name: 'a hole of a day', rate: '25', step: 100_000, seconds: 100_000.04 },
])('shows the last frame no longer than the video lasts: $name', async ({ rate, step, seconds }) => {
  const path = join(folder, 'two.mp4');
  const times = ['-frames:v', '2', '-vf', `setpts=N*${step}/TB`, '-fps_mode', 'passthrough'];
  ffmpeg('-f', 'lavfi', '-i', `testsrc2=s=96x54:r=${rate}`, ...times, '-c:v', 'libx264', path);
  const facts = await new FfmpegVideoTool().inspect(path);
  const request = { path, facts, dedupe: 'exact', isKeptGoing: false } as const;
  const { timeline } = await scanVideo(request, { video: new FfmpegVideoTool() }, observer, noAbort);
  const { numerator, denominator } = facts.video.timeBase;
  expect((timeline.endTime * numerator) / denominator).toBeCloseTo(seconds, 1);
});

it('locks an output whose name is as long as names can be, and each by a name of its own', async () => {
  const lockOf = (output: string) => {
    const checkpoint = sampleUpscaleCheckpoint(sampleUpscalePlan());
    const settings = { ...checkpoint.settings, output: join(folder, output) };
    return outputLock(upscaleFormat.outputOf({ ...checkpoint, settings })).lockPath;
  };
  const long = 'é'.repeat(125);
  await writeFile(lockOf(`${long}a.mkv`), '');
  expect(lockOf(`${long}a.mkv`)).not.toBe(lockOf(`${long}b.mkv`));
  expect(lockOf('film.mkv')).toBe(join(folder, '.film.mkv.cosmos.lock'));
});

async function plan(output: string) {
  const request = {
    inputPath: film,
    outputPath: join(folder, output),
    modelPath: null,
    host: 'local',
    slots: 1,
    upscaling: resolveSettings([]).upscaling,
    isForced: true,
    isKeptGoing: false,
  };
  const ports = createTestPorts(folder, new MemoryHost());
  return await planVideo(request, upscaleOperation(request, ports), ports, observer, noAbort);
}
