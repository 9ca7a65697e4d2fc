import { createHash } from 'node:crypto';
import { readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LocalHost } from '../../../../src/adapters/local-host/local-host.ts';
import { systemClock } from '../../../../src/adapters/system-clock.ts';
import { resolveSettings } from '../../../../src/core/settings/resolve-settings.ts';
import { partialObserver } from '../../../../src/output/progress/observers.ts';
import type { Host, HostObject, HostRun } from '../../../../src/ports/host.ts';
import type { VideoObserver } from '../../../../src/ports/run-observer.ts';
import { upscaleVideo } from '../../../../src/services/upscale/upscale-video.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { createTestPorts } from '../../../support/test-ports.ts';
import { workerProgram } from '../../../support/worker-rig.ts';
import { ffmpeg, noAbort } from '../../adapters/frames/rig.ts';

const folder = await realpath(await temporaryFolder());
const source = join(folder, 'film.mkv');
// Its sound makes it large, and no machine needs that.
ffmpeg(
  ...['-f', 'lavfi', '-i', 'testsrc2=s=128x72:r=24:d=9', '-f', 'lavfi', '-i', 'anoisesrc=r=192000:d=9'],
  ...['-filter_complex', '[1:a]pan=quad|c0=c0|c1=c0|c2=c0|c3=c0[a]', '-map', '0:v', '-map', '[a]'],
  ...[
    '-c:v',
    'libx264',
    '-preset',
    'veryfast',
    '-g',
    '24',
    '-x264-params',
    'open-gop=1',
    '-c:a',
    'pcm_s24le',
    source,
  ],
);

/** The same thing with some of its members replaced. */
function withMembers<Thing extends object>(thing: Thing, members: Partial<Thing>): Thing {
  return new Proxy(thing, {
    get: (target, name) => {
      const value: unknown = Reflect.get(name in members ? members : target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** Upscales the film, and tells what was sent to the host for it. */
async function upscale(name: string, isSpread: boolean) {
  const sent: HostObject[] = [];
  const local = new LocalHost({ root: join(folder, name), workerProgram, clock: systemClock });
  const host = withMembers<Host>(local, {
    isSpread,
    openRun: async (...given) => {
      const run = await local.openRun(...given);
      return withMembers<HostRun>(run, {
        deliver: async (objects) => {
          for (const object of objects) sent.push({ ...object, sizeBytes: (await stat(object.path)).size });
          await run.deliver(objects);
        },
      });
    },
  });
  const ports = createTestPorts(join(folder, `${name}-home`), host);
  const outputPath = join(folder, `${name}.mkv`);
  const { upscaling } = resolveSettings([
    { source: 'the test', values: { upscaling: { preset: 'ultrafast', dedupe: 'off' } } },
  ]);
  const request = {
    ...{ inputPath: source, outputPath, modelPath: null, host: 'memory', slots: 1, upscaling },
    ...{ isForced: false, isKeptGoing: false, isDetached: false },
  };
  await upscaleVideo(request, ports, partialObserver<VideoObserver>({}), noAbort);
  const sha256 = createHash('sha256')
    .update(await readFile(outputPath))
    .digest('hex');
  return { sha256, sent };
}

it('sends each of several machines what its segments need, and makes the same video of it', async () => {
  const whole = await upscale('whole', false);
  const parts = await upscale('parts', true);
  expect((await stat(source)).size).toBeGreaterThan(16 * 1024 * 1024);
  expect(whole.sent).toMatchObject([{ path: source }]);
  expect(parts.sent.length).toBeGreaterThan(2);
  const sentBytes = parts.sent.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  expect(sentBytes).toBeLessThan(1024 * 1024);
  expect(parts.sha256).toBe(whole.sha256);
  // Nothing of them stays.
  for (const { path } of parts.sent) await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
});
