import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FfmpegMediaTool } from '../../../src/adapters/media/ffmpeg-media-tool.ts';
import { FfmpegVideoTool } from '../../../src/adapters/video/ffmpeg-video-tool.ts';
import { resolveSettings } from '../../../src/core/settings/resolve-settings.ts';
import { partialObserver } from '../../../src/output/progress/observers.ts';
import type { UpsampleObserver, VideoObserver } from '../../../src/ports/run-observer.ts';
import { planSpecs } from '../../../src/services/upsample/plan-specs.ts';
import { upscaleOperation } from '../../../src/services/upscale/upscale-operation.ts';
import { planVideo } from '../../../src/services/video/plan-video.ts';
import { MemoryHost } from '../../support/memory-host.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { createTestPorts, testRunSettings } from '../../support/test-ports.ts';
import { ffmpeg, noAbort, shoot } from '../adapters/frames/rig.ts';

const folder = await temporaryFolder();
const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
shoot(folder, 'film.mp4', ...h264);
const trailer = join(folder, 'trailer.mp4');
ffmpeg('-f', 'lavfi', '-i', 'color=red:s=64x64:r=24000/1001', '-frames:v', '30', ...h264, trailer);
for (const name of ['cover.jpg', 'cover.png']) {
  ffmpeg('-f', 'lavfi', '-i', 'color=red:s=64x64', '-frames:v', '1', join(folder, name));
}

/** Copies streams of these files, in this order, into one. */
function together(name: string, first: string, second: string, ...options: string[]): string {
  const path = join(folder, name);
  const inputs = ['-i', join(folder, first), '-i', join(folder, second)];
  ffmpeg(...inputs, '-map', '0', '-map', '1', '-c', 'copy', ...options, path);
  return path;
}

const flagged = ['-disposition:v:0', 'default', '-disposition:v:1', '0'];

it.each([
  {
    what: 'a JPEG cover in front, in Matroska',
    make: () => together('a.mkv', 'cover.jpg', 'film.mp4'),
    place: 1,
  },
  { what: 'a PNG cover in front, in MP4', make: () => together('b.mp4', 'cover.png', 'film.mp4'), place: 1 },
  {
    what: 'a cover in front, in QuickTime',
    make: () => together('c.mov', 'cover.jpg', 'film.mp4'),
    place: 1,
  },
  {
    what: 'a cover that is flagged as the default',
    make: () => together('d.mkv', 'cover.jpg', 'film.mp4', ...flagged),
    place: 1,
  },
  { what: 'a cover behind', make: () => together('e.mkv', 'film.mp4', 'cover.jpg'), place: 0 },
  {
    what: 'a shorter video that is flagged',
    make: () => together('f.mkv', 'trailer.mp4', 'film.mp4', ...flagged),
    place: 0,
  },
  {
    what: 'two videos of a transport stream',
    make: () => together('g.ts', 'trailer.mp4', 'film.mp4'),
    place: 1,
  },
])('sees the same video for specs and to be upscaled: $what', async ({ make, place }) => {
  const path = make();
  const { video, others } = await new FfmpegVideoTool().inspect(path);
  expect(video.index).toBe(place);
  expect(others.map(({ index }) => index)).toEqual([1 - place]);
  const media = new FfmpegMediaTool({ hintFolder: join(folder, 'hints') });
  const info = await media.probe(path);
  expect(info).toMatchObject(video.size);
  expect(info.place ?? 0).toBe(place);
  const isShort = path.endsWith('f.mkv');
  expect(info.frames).toBeGreaterThan(isShort ? 28 : 34);
  const { width, height } = info;
  const hint = await media.makeHint({
    sourcePath: path,
    video: info,
    size: { width, height },
    frames: 2,
    fps: 2,
  });
  expect(hint).toMatchObject({ width, height, frames: 2 });
});

it('says which one is upscaled, and shows it before and after', async () => {
  const path = together('h.mkv', 'cover.jpg', 'film.mp4');
  const request = {
    ...{ inputPath: path, outputPath: join(folder, 'h-2x.mkv'), modelPath: null, host: 'local', slots: 1 },
    ...{ upscaling: resolveSettings([]).upscaling, isForced: true, isKeptGoing: false },
  };
  const observer = partialObserver<VideoObserver>({});
  const ports = createTestPorts(folder, new MemoryHost());
  const plan = await planVideo(request, upscaleOperation(request, ports), ports, observer, noAbort);
  expect(plan.timeline.times.length).toBeGreaterThan(34);
  expect(plan.notices).toContain(
    'The file holds 2 videos: stream 1 (h264, 96x54) is upscaled, not stream 0 (mjpeg).',
  );
  const frames = [{ frame: 0, seconds: 0 }];
  const box = { width: 64, height: 64 };
  const [shown] = await ports.video.pictures({ path, place: 1 }, frames, box);
  const [cover] = await ports.video.pictures({ path, place: 0 }, frames, box);
  expect(shown).not.toBeNull();
  expect(shown).not.toEqual(cover);
});

it('says of which specs the frames come from another video than the first', async () => {
  together('i.mkv', 'cover.jpg', 'film.mp4');
  const notices: string[] = [];
  const ports = createTestPorts(folder, new MemoryHost());
  const spec = { id: 'ps_0123456789ab', prompt: 'a prompt', input_video_path: join(folder, 'i.mkv') };
  const path = join(folder, 'one.json');
  await writeFile(path, JSON.stringify(spec));
  const observer = partialObserver<UpsampleObserver>({ onNotice: (message) => notices.push(message) });
  const request = { inputs: [path], settings: testRunSettings(folder), excluded: [] };
  const plan = await planSpecs(request, ports, observer, noAbort);
  expect(plan.specs[0]).toMatchObject({ action: 'as-is', video: { width: 96, height: 54, place: 1 } });
  expect(notices).toEqual([expect.stringMatching(/^The first picture stream is a cover .*: one\.json\.$/)]);
});
