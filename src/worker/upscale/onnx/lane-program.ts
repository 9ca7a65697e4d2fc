import { readSync, writeFileSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { isSystemError } from '../../../errors/system-error.ts';
import type { Picture } from './convert.ts';
import { FrameUpscaler } from './frame-upscaler.ts';
import { readGraph } from './graph.ts';
import { laneFailureOf, modelRefused } from './lane-failure.ts';
import {
  answerHeaderBytes,
  answerKinds,
  type LaneOptions,
  laneOptionsSchema,
  type OnnxLaneFacts,
  requestHeaderBytes,
} from './lane-protocol.ts';
import { type ModelFacts, probeModel } from './model-facts.ts';
import { receptiveRadius } from './receptive-radius.ts';
import { loadRuntime, openSession } from './runtime.ts';
import { choosePadding, cutSide } from './tiles.ts';

/** How long to wait before a pipe that had nothing is looked at again, in milliseconds. */
const pauseMs = 1;

const stdin = 0;
const stdout = 1;

/**
 * The program of a lane: loads the model, and then enlarges frames from stdin to stdout until stdin ends. See
 * `lane-protocol.ts` for what is said there; stderr is its log.
 *
 * @param argument - The lane's options as JSON.
 * @returns the exit code: 0 also after a failure that was reported.
 */
export async function runLane(argument: string): Promise<number> {
  endWithParent();
  offerAsVictim();
  try {
    const options = laneOptionsSchema.parse(JSON.parse(argument));
    const { upscaler, facts } = await makeReady(options);
    answerText(answerKinds.facts, facts);
    await serve(options, upscaler);
  } catch (error) {
    const { reason, message } = laneFailureOf(error, 'failed');
    answerText(answerKinds.failure, { reason, message });
  }
  return 0;
}

async function makeReady(options: LaneOptions) {
  const runtime = await loadRuntime();
  const { radiusOf, hasExternalData } = await readModelFile(options.modelPath);
  if (hasExternalData)
    throw modelRefused('its weights are in a file of their own; they have to be in the model file');
  const { session, provider, notes } = await openSession(runtime, options);
  const model = await probeModel(runtime, session);
  if (model.scale !== options.scale)
    throw modelRefused(`it enlarges ${model.scale} times, and not ${options.scale} times`);
  const radius = radiusOf(model);
  const { padding, note } = choosePadding(radius, model);
  const rules = { tile: options.tile, padding, alignment: model.alignment };
  const columns = cutSide({ ...rules, side: options.width, fixed: model.width });
  const rows = cutSide({ ...rules, side: options.height, fixed: model.height });
  const upscaler = new FrameUpscaler({
    ...{ runtime, session, model, batchSize: options.batchSize },
    ...{ columns, rows },
    top: options.pixelFormat === 'rgb24' ? 255 : 65_535,
  });
  const { batch, alignment, width, height } = model;
  const fixed = { width, height };
  const isTiled = columns.spans.length * rows.spans.length > 1;
  const allNotes = isTiled && note !== null ? [...notes, note] : [...notes];
  const facts: OnnxLaneFacts = { provider, batch, fixed, alignment, radius, padding, notes: allNotes };
  return { upscaler, facts };
}

/** A file that only ONNX Runtime can read is still good; only how far it looks around is not known then. */
async function readModelFile(path: string) {
  const bytes = await readFile(path);
  try {
    const graph = readGraph(bytes);
    const radiusOf = ({ inputName, outputName }: ModelFacts) => receptiveRadius(graph, inputName, outputName);
    return { radiusOf, hasExternalData: graph.hasExternalData };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { radiusOf: () => null, hasExternalData: false };
  }
}

async function serve(options: LaneOptions, upscaler: FrameUpscaler): Promise<void> {
  const { width, height, scale, batchSize } = options;
  const small = pictures(batchSize, width, height, options.pixelFormat);
  const large = pictures(batchSize, width * scale, height * scale, options.pixelFormat);
  const request = Buffer.alloc(requestHeaderBytes);
  while (readFully(stdin, request)) {
    const count = request.readUInt32LE(0);
    if (count < 1 || count > batchSize) throw new RangeError(`${count} frames at once were not agreed upon`);
    const from = small.slice(0, count);
    if (!from.every(({ samples }) => readFully(stdin, bytesOf(samples)))) return;
    const to = large.slice(0, count);
    await upscaler.upscale(from, to);
    if (!writeFully(stdout, header(answerKinds.frames, count))) return;
    if (!to.every(({ samples }) => writeFully(stdout, bytesOf(samples)))) return;
  }
}

function pictures(
  count: number,
  width: number,
  height: number,
  pixelFormat: LaneOptions['pixelFormat'],
): Picture[] {
  const SampleArray = pixelFormat === 'rgb24' ? Uint8Array : Uint16Array;
  return Array.from({ length: count }, () => ({
    ...{ width, height },
    samples: new SampleArray(3 * width * height),
  }));
}

function bytesOf(samples: Picture['samples']): Uint8Array {
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
}

function answerText(kind: number, document: object): void {
  const text = Buffer.from(JSON.stringify(document));
  writeFully(stdout, Buffer.concat([header(kind, text.length), text]));
}

function header(kind: number, length: number): Buffer {
  const bytes = Buffer.alloc(answerHeaderBytes);
  bytes.writeUInt32LE(kind, 0);
  bytes.writeUInt32LE(length, 4);
  return bytes;
}

/** Checks whether the parent is still the same; in a thread of its own, because computing blocks the main one. */
const watchParent = `
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
}, 500);
`;

/**
 * Ends this process soon after the one that started it, also when that was killed and this one is in the middle of a
 * long computation. Where processes do not learn of their parent's end (Windows), it ends at the next request.
 */
function endWithParent(): void {
  const thread = new Worker(watchParent, { eval: true });
  thread.on('error', () => undefined);
  thread.unref();
}

/** Of at most 1000: well above the worker, its encoders and most others. */
const victimScore = '500';

/** When memory runs out this process is to go before others, because it can be started again. Linux only. */
function offerAsVictim(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', victimScore);
  } catch {
    // Another system, or a container that hides it.
  }
}

/**
 * Fills a buffer from a file descriptor, and waits for that with all of this thread: a lane has nothing else to do.
 *
 * @returns false at the end of the input; what has come before it is lost.
 */
function readFully(descriptor: number, buffer: Uint8Array): boolean {
  for (let filled = 0; filled < buffer.length; ) {
    const count = retried(() => readSync(descriptor, buffer, filled, buffer.length - filled, null));
    if (count === 0) return false;
    filled += count;
  }
  return true;
}

/** @returns false when the reader is gone. */
function writeFully(descriptor: number, buffer: Uint8Array): boolean {
  for (let written = 0; written < buffer.length; ) {
    const from = written;
    const count = retried(() => writeSync(descriptor, buffer, from, buffer.length - from));
    if (count === 0) return false;
    written += count;
  }
  return true;
}

/** Does it until it is done; 0 when the other end is gone. */
function retried(transfer: () => number): number {
  for (;;) {
    try {
      return transfer();
    } catch (error) {
      if (!isSystemError(error)) throw error;
      if (error.code === 'EOF' || error.code === 'EPIPE' || error.code === 'ECONNRESET') return 0;
      // Only where another process has made the pipe a non-blocking one.
      if (error.code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
    }
  }
}
