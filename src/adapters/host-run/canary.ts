import { createHash } from 'node:crypto';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shortened } from '../../core/shortened.ts';
import { AppError, messageOf } from '../../errors/app-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { HostRun } from '../../ports/host.ts';
import type { SegmentEngine } from '../../protocol/manifest.ts';
import type { RetouchTask } from '../../protocol/retouch.ts';
import { type Clip, canaryName, type SegmentTask } from '../../protocol/segment.ts';
import type { TaskResult } from '../../protocol/task-result.ts';
import { findPrograms } from '../ffmpeg/programs.ts';
import { asFileUrl, guardedInputOptions } from '../ffmpeg/source-file.ts';
import { readSegmentSamples } from '../mp4/samples.ts';
import { runProcess } from '../run-process.ts';

/** What a machine made of the canary: a tiny clip whose bytes every machine is to make alike. */
export interface CanaryFacts {
  /** Of the whole file. */
  readonly sha256: string;
  /** Name and version that the encoder left in the file; empty where it left none. */
  readonly encoder: string;
  /** Hash of what a decoder needs to begin (`avcC`): segments with different ones cannot be put together. */
  readonly parameterSets: string;
  /** Hash of the decoded frames. */
  readonly frames: string;
}

interface CanaryDeps {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Large enough that x264 chooses between several ways to encode a block, which is where CPUs differ. */
const side = { width: 96, height: 64 };
const frameCount = 12;
const maxDecodedBytes = 1024;
const pollMs = 100;

/** Far more than the canary has, in bytes. */
const maxCanaryBytes = 16 * 1024 * 1024;

/**
 * Has a machine upscale and encode the canary as it would a segment of the run, and reads what it made.
 *
 * @param clip - The run's own: the canary has its formats and colours.
 * @throws AppError `worker-failed` when the machine cannot make it; the errors of its host; the signal's reason.
 */
export async function makeCanary(
  run: HostRun,
  clip: Clip,
  engine: SegmentEngine,
  { clock, signal }: CanaryDeps,
): Promise<CanaryFacts> {
  const folder = await mkdtemp(join(tmpdir(), 'cosmos-canary-'));
  try {
    const source = canaryClip();
    const sha256 = createHash('sha256').update(source).digest('hex');
    const path = join(folder, 'source.y4m');
    await writeFile(path, source);
    await run.deliver([{ sha256, path, sizeBytes: source.length }]);
    const task = canaryTask(clip, engine, sha256);
    await run.submit({ batch_id: 0, tasks: [task] }, engine);
    const result = await resultOf(run, task.task_key, clock, signal);
    if (!result.segment) throw notMade(result);
    if (result.segment.size_bytes > maxCanaryBytes) throw notReadable('it is too large');
    const made = join(folder, 'made.mp4');
    await run.downloadOutput(task.task_key, result.segment, made);
    return await readCanary(made, result.segment.sha256, signal).catch((error: unknown) => {
      signal.throwIfAborted();
      throw notReadable(messageOf(error));
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * How what one machine makes differs from what the others make, as a sentence; null where their segments can be put together.
 * A model's frames may differ from GPU to GPU, so of those only the form has to be equal.
 */
export function canaryDifference(
  expected: CanaryFacts,
  found: CanaryFacts,
  { model }: Pick<SegmentEngine, 'model'>,
): string | null {
  if (found.sha256 === expected.sha256) return null;
  if (found.encoder !== expected.encoder)
    return `its encoder is ${found.encoder || 'unknown'}, that of the others ${expected.encoder || 'unknown'}`;
  if (found.parameterSets !== expected.parameterSets) return 'its encoder writes other parameter sets';
  if (model !== null) return null;
  return found.frames === expected.frames
    ? 'its encoder writes other bytes for the same frames'
    : 'its pictures differ from those of the others: its ffmpeg scales or encodes differently';
}

/** What most machines make; of equally many, what the first of them makes. @param found - In order of preference, not empty. */
export function usualCanary(found: readonly [CanaryFacts, ...CanaryFacts[]]): CanaryFacts {
  const votes = (canary: CanaryFacts) => found.filter(({ sha256 }) => sha256 === canary.sha256).length;
  return found.reduce((best, canary) => (votes(canary) > votes(best) ? canary : best));
}

/** A moving pattern with edges, gradients and noise: 8-bit 4:2:0 in YUV4MPEG2, the same bytes everywhere. */
function canaryClip(): Buffer {
  const { width, height } = side;
  const parts = [Buffer.from(`YUV4MPEG2 W${width} H${height} F25:1 Ip A1:1 C420mpeg2\n`)];
  let noise = 1;
  for (let frame = 0; frame < frameCount; frame++) {
    const planes = Buffer.alloc((width * height * 3) / 2);
    for (let at = 0; at < planes.length; at++) {
      // A linear congruential generator (Numerical Recipes): its high bits are noise enough.
      noise = (Math.imul(noise, 1_664_525) + 1_013_904_223) >>> 0;
      const [x, y] = [at % width, Math.floor(at / width)];
      const isSquare = (((x + 3 * frame) >> 4) ^ (y >> 4)) & 1;
      planes[at] = Math.min(235, 16 + ((x + 2 * y + 5 * frame) % 96) + 90 * isSquare + (noise >>> 29));
    }
    parts.push(Buffer.from('FRAME\n'), planes);
  }
  return Buffer.concat(parts);
}

/** Key of the canary's task in a run with this clip. */
export function canaryKey(clip: Clip, engine: SegmentEngine): string {
  return canaryTask(clip, engine, sourceHash()).task_key;
}

/** Hash of its clip, which is the same in every run. */
function sourceHash(): string {
  return createHash('sha256').update(canaryClip()).digest('hex');
}

function canaryTask(clip: Clip, engine: SegmentEngine, source: string): SegmentTask | RetouchTask {
  const { width, height } = side;
  const scale = 'scale' in engine ? engine.scale : 1;
  const ownClip: Clip = {
    ...clip,
    ...{ source, stream: 0, is_turned: false },
    frame: { ...clip.frame, width, height },
    target: { ...clip.target, width: evenSide(width * scale), height: evenSide(height * scale) },
    frame_rate: { numerator: 25, denominator: 1 },
    time_base: { numerator: 1, denominator: 25 },
    sample_aspect: { numerator: 1, denominator: 1 },
  };
  const { lanes: _lanes, ...identity } = engine;
  const text = JSON.stringify([canaryName, ownClip, identity]);
  const task: SegmentTask = {
    task_key: createHash('sha256').update(text).digest('hex'),
    name: canaryName,
    ...{ segment_id: 0, first_batch: 0, clip: ownClip },
    ...{ seek_time: null, first_time: null, end_time: null },
    repeats: Array.from({ length: frameCount }, () => 1),
  };
  if ('scale' in engine) return task;
  const box = { x: width / 4, y: height / 4, width: width / 2, height: height / 2 };
  return { ...task, regions: [{ first_unique: 0, unique_frames: frameCount, box }] };
}

/** As every pixel format takes it. */
function evenSide(pixels: number): number {
  return 2 * Math.max(1, Math.round(pixels / 2));
}

/** Asked for again and again: the run's own stream of events belongs to the client that watches it. */
async function resultOf(
  run: HostRun,
  taskKey: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<TaskResult> {
  for (;;) {
    signal.throwIfAborted();
    const result = await run.result(taskKey);
    if (result !== null) return result;
    await clock.sleep(pollMs, signal);
  }
}

async function readCanary(path: string, sha256: string, signal: AbortSignal): Promise<CanaryFacts> {
  await using file = await open(path);
  const { decoderSettings } = await readSegmentSamples(file, frameCount);
  const encoder = /x264 - (core \d+[^-\0]*?) - H\.264/.exec((await readFile(path)).toString('latin1'))?.[1];
  const programArguments = [
    ...['-nostdin', '-v', 'error', '-threads', '1', ...guardedInputOptions, '-i', asFileUrl(path)],
    ...['-map', '0:v', '-f', 'hash', '-hash', 'sha256', 'pipe:1'],
  ];
  const limits = { timeoutMs: 60_000, maxStdoutBytes: maxDecodedBytes, signal };
  const { stdout } = await runProcess(findPrograms().ffmpeg, programArguments, limits);
  return {
    sha256,
    encoder: encoder ? `x264 ${encoder}` : '',
    parameterSets: createHash('sha256').update(decoderSettings).digest('hex'),
    frames: stdout.toString('utf8').trim(),
  };
}

function notReadable(reason: string): AppError {
  return new AppError({
    code: 'worker-failed',
    message: `What it made of a short clip cannot be used: ${shortened(reason)}.`,
  });
}

function notMade({ error }: TaskResult): AppError {
  return new AppError({
    code: 'worker-failed',
    message: `A test clip could not be upscaled: ${error?.message ?? 'it was not made'}`,
  });
}
