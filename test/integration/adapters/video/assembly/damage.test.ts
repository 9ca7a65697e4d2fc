import { copyFile, link, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { assembleVideo } from '../../../../../src/adapters/video/assembly/assemble.ts';
import { assemblyPathsOf } from '../../../../../src/adapters/video/assembly/assembly-folder.ts';
import { SegmentsLostError } from '../../../../../src/errors/segments-lost.ts';
import type { AssemblyRequest } from '../../../../../src/ports/video-tool.ts';
import { temporaryFolder } from '../../../../support/temporary-folder.ts';
import { sha256Of } from './assembly-rig.ts';
import { makeAgain, noisyFilm } from './noisy-film.ts';

const freshRequest = await noisyFilm(await temporaryFolder());
const quiet = () => undefined;
/** What every case has to come to. */
const wanted = new Map<string, string>();
/** Whose segments stand in for those that are made again. */
let pattern: AssemblyRequest;

beforeAll(async () => {
  pattern = await freshRequest('pattern', 'film.mp4');
  for (const output of ['film.mp4', 'film.mkv']) {
    const whole = await freshRequest(`whole-${output}`, output);
    await assembleVideo(whole, quiet);
    wanted.set(output, await sha256Of(whole.outputPath));
  }
});

const everySegment = Array.from({ length: 13 }, (_, index) => index);

describe.each(['film.mp4', 'film.mkv'])('%s', (output) => {
  it.each([
    { what: 'bytes of a segment differ', damage: flipSegments(2, 5), lost: [2, 5] },
    { what: 'a segment is gone, and another cut', damage: removeAndCut, lost: [3, 4] },
    { what: 'the first segment differs', damage: flipSegments(0), lost: [0] },
  ])('says what is lost when $what', async ({ what, damage, lost }) => {
    const request = await freshRequest(`${what}-${output}`, output);
    await damage(request);
    await expectHealed(request, output, lost);
  });

  it('never gives its name to a file of another run, and replaces none that appears meanwhile', async () => {
    const request = { ...(await freshRequest(`meanwhile-${output}`, output)), mayReplace: false };
    const other = { ...(await freshRequest(`other-${output}`, output)), outputPath: request.outputPath };
    await stopHalfway(other);
    const inTheWay = assembleVideo(request, ({ step, done, total }) => {
      if (step === 'verify' && done === total) void writeFile(request.outputPath, 'mine');
    });
    await expect(inTheWay).rejects.toMatchObject({ code: 'output-exists' });
    expect(await readFile(request.outputPath, 'utf8')).toBe('mine');
    await rm(request.outputPath);
    await flipPart(request);
    await expectHealed(request, output, everySegment);
    await assembleVideo({ ...other, mayReplace: true }, quiet);
    expect(await sha256Of(request.outputPath)).toBe(wanted.get(output));
  });

  it('ends what was killed while it gave the name', async () => {
    const request = { ...(await freshRequest(`named-${output}`, output)), mayReplace: false };
    const verified = await assembleVideo(request, quiet);
    const { part } = assemblyPathsOf(request, output.slice(-3));
    await link(request.outputPath, part);
    expect(await assembleVideo(request, quiet)).toEqual(verified);
    expect(await readdir(dirname(part))).toEqual([output]);
    expect(await sha256Of(request.outputPath)).toBe(wanted.get(output));
  });
});

it.each([
  { output: 'film.mp4', what: 'the sound in the skeleton differs', damage: flipIn('streams.mp4'), lost: [] },
  { output: 'film.mp4', what: 'the skeleton is gone', damage: removeIn('streams.mp4'), lost: [] },
  { output: 'film.mp4', what: 'the first frame is empty', damage: emptyIn('first.mp4'), lost: 'taken' },
  { output: 'film.mp4', what: 'the journal is cut', damage: cutIn('samples.bin'), lost: 'last' },
  { output: 'film.mp4', what: 'the journal differs', damage: flipIn('samples.bin'), lost: 'some' },
  { output: 'film.mp4', what: 'the folder is gone', damage: removeIn(''), lost: 'taken' },
  { output: 'film.mp4', what: 'it is the folder of nobody', damage: emptyIn('assembly.json'), lost: 'taken' },
  { output: 'film.mp4', what: 'the unfinished video is gone', damage: removePart, lost: 'taken' },
  { output: 'film.mp4', what: 'the unfinished video is cut', damage: cutPart, lost: 'taken' },
  { output: 'film.mp4', what: 'the unfinished video differs', damage: flipPart, lost: everySegment },
  { output: 'film.mkv', what: 'the sound in the skeleton differs', damage: flipIn('streams.mkv'), lost: [] },
  { output: 'film.mkv', what: 'the unfinished video is gone', damage: removePart, lost: 'taken' },
  { output: 'film.mkv', what: 'the unfinished video differs', damage: flipPart, lost: everySegment },
])('$output heals after a stop when $what', async ({ output, what, damage, lost }) => {
  const request = await freshRequest(`${what}-${output}`, output);
  const taken = await stopHalfway(request);
  await damage(request);
  if (Array.isArray(lost) && lost.length === 0) {
    await assembleVideo(request, quiet);
    expect(await sha256Of(request.outputPath)).toBe(wanted.get(output));
  } else if (lost === 'taken') await expectHealed(request, output, taken);
  else if (lost === 'last') await expectHealed(request, output, taken.slice(-1));
  else await expectHealed(request, output, Array.isArray(lost) ? lost : null);
});

it('makes no room for more frames than were planned', async () => {
  const request = await freshRequest('frames', 'film.mp4');
  const path = request.segments[1]?.path ?? '';
  await copyFile(request.segments.at(-1)?.path ?? '', path);
  const segments = request.segments.map(({ path: own, frames }) => ({ path: own, frames }));
  const error = await failureOf({ ...request, segments });
  expect(error.message).toContain('Segment 2 cannot be used: it has 2 frames instead of 4');
  expect(error.lost).toEqual([1]);
});

/** What was lost is told, and once it was made again the video is as it should be. */
async function expectHealed(
  request: AssemblyRequest,
  output: string,
  lost: readonly number[] | null,
): Promise<void> {
  const error = await failureOf(request);
  if (lost) expect(error.lost).toEqual(lost);
  expect(error.lost.length).toBeGreaterThan(0);
  for (const index of error.lost) {
    const path = request.segments[index]?.path ?? '';
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
    await makeAgain(request, index, pattern);
  }
  await assembleVideo(request, quiet);
  expect(await sha256Of(request.outputPath)).toBe(wanted.get(output));
}

async function failureOf(request: AssemblyRequest): Promise<SegmentsLostError> {
  const error = await assembleVideo(request, quiet).catch((thrown: unknown) => thrown);
  if (!(error instanceof SegmentsLostError)) throw new Error('nothing was lost', { cause: error });
  expect(error.code).toBe('output-invalid');
  return error;
}

/** @returns the segments that are in the output for good. */
async function stopHalfway(request: AssemblyRequest): Promise<number[]> {
  const stop = new AbortController();
  const stopped = assembleVideo(
    request,
    ({ step, done }) => {
      if (step === 'append' && done === 9) stop.abort(new Error('enough'));
    },
    stop.signal,
  );
  await expect(stopped).rejects.toThrow('enough');
  const left = new Set(await readdir(dirname(request.segments[0]?.path ?? '')));
  return request.segments.flatMap(({ path }, index) =>
    left.has(path.split('/').at(-1) ?? '') ? [] : [index],
  );
}

type Damage = (request: AssemblyRequest) => Promise<void>;

function flipSegments(...indices: readonly number[]): Damage {
  return async ({ segments }) => {
    for (const index of indices) await flip(segments[index]?.path ?? '');
  };
}

async function removeAndCut({ segments }: AssemblyRequest): Promise<void> {
  await rm(segments[3]?.path ?? '');
  await truncate(segments[4]?.path ?? '', 3000);
}

function flipIn(name: string): Damage {
  return async ({ workFolder }) => await flip(join(workFolder, name));
}

function emptyIn(name: string): Damage {
  return async ({ workFolder }) => await truncate(join(workFolder, name), 0);
}

function cutIn(name: string): Damage {
  return async ({ workFolder }) => {
    const path = join(workFolder, name);
    await truncate(path, (await stat(path)).size - 1);
  };
}

function removeIn(name: string): Damage {
  return async ({ workFolder }) => await rm(join(workFolder, name), { recursive: true });
}

async function removePart(request: AssemblyRequest): Promise<void> {
  await rm(await partOf(request));
}

async function cutPart(request: AssemblyRequest): Promise<void> {
  await truncate(await partOf(request), 3000);
}

async function flipPart(request: AssemblyRequest): Promise<void> {
  await flip(await partOf(request), 2000);
}

async function partOf(request: AssemblyRequest): Promise<string> {
  return assemblyPathsOf(request, request.outputPath.slice(-3)).part;
}

/** Changes a byte. */
async function flip(path: string, at?: number): Promise<void> {
  await using file = await open(path, 'r+');
  const position = at ?? Math.floor((await file.stat()).size / 2);
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, position);
  await file.write(Buffer.of((byte[0] ?? 0) ^ 0x55), 0, 1, position);
}
