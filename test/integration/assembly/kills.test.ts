import { spawn } from 'node:child_process';
import { copyFile, mkdir, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { assembleVideo } from '../../../src/adapters/video/assembly/assemble.ts';
import { AppError } from '../../../src/errors/app-error.ts';
import type { AssemblyRequest } from '../../../src/ports/video-tool.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { bytesIn, makeRequest, sha256Of } from './assembly-rig.ts';
import { ffmpeg } from './ffmpeg-runs.ts';

const folder = await temporaryFolder();
const program = fileURLToPath(new URL('assemble-once.ts', import.meta.url));
const source = join(folder, 'source.mkv');
/** What is kept of all segments, because each case uses them up. */
let pattern: AssemblyRequest;

beforeAll(async () => {
  // Noise is what fills files.
  await ffmpeg(
    ...['-f', 'lavfi', '-i', 'color=gray:s=96x54:r=25:d=2,noise=alls=60:allf=t:all_seed=1'],
    ...['-f', 'lavfi', '-i', 'sine=d=2', '-map', '0', '-map', '1', '-c:v', 'libx264', '-preset', 'ultrafast'],
    ...['-c:a', 'aac', source],
  );
  pattern = await makeRequest(source, 'nowhere.mp4', folder, {
    framesPerSegment: 4,
    encoding: ['-crf', '10'],
  });
});

/** The same request with segments of its own. */
async function freshRequest(name: string, output: string): Promise<AssemblyRequest> {
  const own = join(folder, name);
  await mkdir(join(own, 'segments'), { recursive: true });
  await mkdir(join(own, 'out'));
  const segments = pattern.segments.map(({ path, frames }) => ({
    path: join(own, 'segments', basename(path)),
    frames,
  }));
  for (const [index, { path }] of segments.entries())
    await copyFile(pattern.segments[index]?.path ?? '', path);
  return { ...pattern, segments, workFolder: join(own, 'work'), outputPath: join(own, 'out', output) };
}

const quiet = () => undefined;

describe.each(['film.mp4', 'film.mkv'])('%s', (output) => {
  it('comes out the same however often it is killed, and is never there half-made', async () => {
    const whole = await freshRequest(`whole-${output}`, output);
    await assembleVideo(whole, quiet);
    const request = await freshRequest(`killed-${output}`, output);
    const path = `${request.workFolder}.json`;
    await writeFile(path, JSON.stringify({ ...request, times: [...request.timeline.times] }));
    // Later and later, so that each part of the work is hit.
    let kills = 0;
    for (let patienceSteps = 1; !(await runUntil(path, patienceSteps, kills)); patienceSteps += 4) {
      kills += 1;
      const names = await readdir(join(request.outputPath, '..'));
      if (names.includes(output))
        expect(await sha256Of(request.outputPath)).toBe(await sha256Of(whole.outputPath));
    }
    expect(kills).toBeGreaterThan(3);
    expect(await sha256Of(request.outputPath)).toBe(await sha256Of(whole.outputPath));
    expect(await bytesIn(join(request.workFolder, '..', 'segments'))).toBe(0);
  });

  it('takes little more than its own size', async () => {
    const request = await freshRequest(`disk-${output}`, output);
    const folders = [
      request.workFolder,
      join(request.workFolder, '..', 'segments'),
      join(request.outputPath, '..'),
    ];
    const sizes: Promise<number>[] = [];
    const { sizeBytes } = await assembleVideo(request, () => sizes.push(bytesIn(...folders)));
    expect(Math.max(...(await Promise.all(sizes)))).toBeLessThan(1.5 * sizeBytes);
  });

  it('is recognised when it has its name already, and can be put together again when it was not verified', async () => {
    const request = await freshRequest(`again-${output}`, output);
    const stop = new AbortController();
    const stopped = assembleVideo(
      request,
      ({ step }) => {
        if (step === 'verify') stop.abort(new Error('enough'));
      },
      stop.signal,
    );
    await expect(stopped).rejects.toThrow('enough');
    const verified = await assembleVideo(request, quiet);
    expect(await assembleVideo(request, quiet)).toEqual(verified);
    expect((await stat(request.outputPath)).size).toBe(verified.sizeBytes);
  });
});

describe('what cannot be put together is said', () => {
  it('where a segment has another number of frames', async () => {
    const request = await freshRequest('frames', 'film.mp4');
    await copyFile(request.segments.at(-1)?.path ?? '', request.segments[1]?.path ?? '');
    await expectUnsound(request, 'segment 2 cannot be used: it has 2 frames instead of 4');
    expect(await readdir(join(request.outputPath, '..'))).not.toContain('film.mp4');
  });

  it('where a segment is cut off', async () => {
    const request = await freshRequest('cut', 'film.mkv');
    await truncate(request.segments[2]?.path ?? '', 3000);
    await expectUnsound(request, 'segment 3 cannot be used');
  });

  it('where the unfinished output was removed', async () => {
    const request = await freshRequest('removed', 'film.mp4');
    const stop = new AbortController();
    const stopped = assembleVideo(
      request,
      ({ step, done }) => {
        if (step === 'append' && done === 9) stop.abort(new Error('enough'));
      },
      stop.signal,
    );
    await expect(stopped).rejects.toThrow('enough');
    await rm(join(request.outputPath, '..', '.film.mp4.cosmos-part'));
    await expectUnsound(request, 'was removed or cut off');
  });
});

async function expectUnsound(request: AssemblyRequest, message: string): Promise<void> {
  const error = await assembleVideo(request, quiet).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(AppError);
  expect(error).toMatchObject({ code: 'output-unsound', message: expect.stringContaining(message) });
}

/** Runs the program, and kills it after so many steps and a moment; whether it was faster. */
async function runUntil(requestPath: string, steps: number, momentMs: number): Promise<boolean> {
  const child = spawn(process.execPath, [program, requestPath], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  let seen = 0;
  for await (const chunk of child.stdout) {
    seen += String(chunk).trim().split('\n').length;
    if (seen < steps) continue;
    await delay(momentMs);
    child.kill('SIGKILL');
    break;
  }
  return (await ended) === 0;
}
