import { spawn } from 'node:child_process';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { assembleVideo } from '../../../../../src/adapters/video/assembly/assemble.ts';
import { temporaryFolder } from '../../../../support/temporary-folder.ts';
import { bytesIn, sha256Of } from './assembly-rig.ts';
import { noisyFilm } from './noisy-film.ts';

const program = fileURLToPath(new URL('assemble-once.ts', import.meta.url));
const freshRequest = await noisyFilm(await temporaryFolder());
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
