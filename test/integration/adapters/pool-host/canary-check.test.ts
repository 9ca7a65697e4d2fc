import { createHash } from 'node:crypto';
import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { LocalHost } from '../../../../src/adapters/local-host/local-host.ts';
import { PoolHost } from '../../../../src/adapters/pool-host/pool-host.ts';
import { systemClock } from '../../../../src/adapters/system-clock.ts';
import { resolveSettings } from '../../../../src/core/settings/resolve-settings.ts';
import { partialObserver } from '../../../../src/output/progress/observers.ts';
import type { Host } from '../../../../src/ports/host.ts';
import type { VideoObserver } from '../../../../src/ports/run-observer.ts';
import { upscaleVideo } from '../../../../src/services/upscale/upscale-video.ts';
import { makeOddFfmpeg } from '../../../support/odd-ffmpeg.ts';
import { poolOptions } from '../../../support/pool-bench.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { createTestPorts } from '../../../support/test-ports.ts';
import { workerProgram } from '../../../support/worker-rig.ts';
import { noAbort, shoot } from '../frames/rig.ts';

const folder = await realpath(await temporaryFolder());
const source = shoot(folder, 'film.mp4', '-c:v', 'libx264', '-g', '6', '-pix_fmt', 'yuv420p');
const usualProgram = process.env['FFMPEG_PATH'];

afterAll(() => {
  if (usualProgram === undefined) delete process.env['FFMPEG_PATH'];
  else process.env['FFMPEG_PATH'] = usualProgram;
});

/** An ffmpeg that gives x264 further options on the machine whose files lie below `root`. */
async function useFfmpeg(root: string, options: string): Promise<void> {
  process.env['FFMPEG_PATH'] = await makeOddFfmpeg(folder, { [root]: options }, usualProgram ?? 'ffmpeg');
}

/** Upscales the film; gives the hash of the video, and what was said of machines. */
async function upscale(name: string, host: Host) {
  const outputPath = join(folder, `${name}.mp4`);
  const { upscaling } = resolveSettings([{ source: 'the test', values: { upscaling: { dedupe: 'off' } } }]);
  const request = {
    ...{ inputPath: source, outputPath, modelPath: null, host: name, slots: 3, upscaling },
    ...{ isForced: false, isKeptGoing: false, isDetached: false },
  };
  const said: string[] = [];
  const done = new Map<string, number>();
  const observer = partialObserver<VideoObserver>({
    onEvent: (event) => {
      if (event.type === 'machine-changed') said.push(`${event.machine} ${event.state}: ${event.message}`);
      if (event.type === 'task-answered') done.set(event.machine, (done.get(event.machine) ?? 0) + 1);
    },
  });
  await upscaleVideo(request, createTestPorts(join(folder, `${name}-home`), host), observer, noAbort);
  return {
    sha256: createHash('sha256')
      .update(await readFile(outputPath))
      .digest('hex'),
    said,
    done,
  };
}

const rootOf = (name: string) => join(folder, name);
const machine = (name: string) => new LocalHost({ root: rootOf(name), workerProgram, clock: systemClock });

it('refuses a machine that would make other bytes, and the others make the same video as one', async () => {
  await useFfmpeg(rootOf('odd'), 'ref=1');
  const one = await upscale('one', machine('alone'));
  const pool = { odd: machine('odd'), left: machine('left'), right: machine('right') };
  const several = await upscale('several', new PoolHost(poolOptions(pool)));
  expect(several.said).toContainEqual(
    expect.stringMatching(/^odd refused: its encoder writes other parameter sets/),
  );
  expect(several.done.has('odd')).toBe(false);
  expect(several.said.filter((text) => text.includes(' refused'))).toHaveLength(1);
  expect(several.sha256).toBe(one.sha256);
});

it('takes a machine whose CPU has other instructions', async () => {
  await useFfmpeg(rootOf('older'), 'asm=0');
  const one = await upscale('one-newer', machine('newer-alone'));
  const pool = { older: machine('older'), newer: machine('newer') };
  const several = await upscale('both', new PoolHost(poolOptions(pool)));
  expect(several.said.filter((text) => text.includes(' refused'))).toEqual([]);
  expect(several.sha256).toBe(one.sha256);
  const older = await upscale('older-alone', new PoolHost(poolOptions({ older: machine('older') })));
  expect([...older.done.keys()]).toEqual(['older']);
  expect(older.sha256).toBe(one.sha256);
});

it('says of each machine why none is left', async () => {
  await useFfmpeg(rootOf('first'), 'ref=1');
  const pool = { first: machine('first'), second: machine('second') };
  // Of two that differ the first one is what is usual.
  const both = await upscale('neither', new PoolHost(poolOptions(pool)));
  expect(both.said).toContainEqual(expect.stringMatching(/^second refused/));
  expect([...both.done.keys()]).toEqual(['first']);
});
