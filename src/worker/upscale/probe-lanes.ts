import { within } from '../../async/deadline.ts';
import { frameBytes } from '../../core/frames/frame-format.ts';
import { type Lane, LaneError, type LaneRequest, type UpscaleEngine } from './upscale-engine.ts';

/** More lanes must be faster by this factor to be worth their memory. */
const worthwhileGain = 1.1;
/** A probe that takes longer than this in all is not started again with more lanes. */
const probeMs = 60_000;
const timedCalls = 2;

interface ProbeRequest {
  readonly engine: UpscaleEngine;
  readonly request: Omit<LaneRequest, 'lane' | 'lanes'>;
  readonly maxLanes: number;
  /** A clock that never jumps, in milliseconds. */
  nowMs(): number;
  log(line: string): void;
}

/**
 * How many lanes upscale the most frames per second: tries one, two, and so on with grey frames, until more bring less
 * than a tenth or memory does not suffice. Nothing stays open.
 */
export async function probeLanes(probe: ProbeRequest, signal: AbortSignal): Promise<number> {
  const sinceMs = probe.nowMs();
  let best = { lanes: 1, framesPerSecond: 0 };
  for (let lanes = 1; lanes <= probe.maxLanes; lanes += 1) {
    const framesPerSecond = await measure(probe, lanes, signal);
    if (framesPerSecond !== null)
      probe.log(`${lanes} lanes: ${framesPerSecond.toFixed(2)} frames per second`);
    if (framesPerSecond === null || framesPerSecond < best.framesPerSecond * worthwhileGain) break;
    best = { lanes, framesPerSecond };
    if (probe.nowMs() - sinceMs > probeMs) break;
  }
  return best.lanes;
}

/** Frames per second of so many lanes together; null when they cannot work beside each other. */
async function measure(probe: ProbeRequest, lanes: number, signal: AbortSignal): Promise<number | null> {
  const { engine, request } = probe;
  const batch = grayBatch(probe);
  const open: Lane[] = [];
  const failed = new AbortController();
  const life = AbortSignal.any([signal, failed.signal]);
  const work = async (lane: number) => {
    const started = await engine.startLane({ ...request, lane, lanes }, life);
    open.push(started);
    // The first call is slower: memory is taken and programs are compiled.
    await started.upscale(batch.slice(0, started.batchSize));
    return started;
  };
  const run = async () => {
    const ready = await Promise.all(Array.from({ length: lanes }, (_, lane) => work(lane)));
    const sinceMs = probe.nowMs();
    await Promise.all(ready.map((lane) => repeat(lane, batch)));
    const frames = ready.reduce((sum, lane) => sum + timedCalls * Math.min(batch.length, lane.batchSize), 0);
    return (1000 * frames) / (probe.nowMs() - sinceMs);
  };
  try {
    return await within(probeMs, run(), () => new LaneError('failed', 'The probe took too long.'));
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof LaneError)) throw error;
    probe.log(`${lanes} lanes: ${error.message}`);
    return null;
  } finally {
    failed.abort(new Error('the probe has ended'));
    await Promise.all(open.map((lane) => lane.close()));
  }
}

async function repeat(lane: Lane, batch: readonly Uint8Array[]): Promise<void> {
  for (let call = 0; call < timedCalls; call += 1) await lane.upscale(batch.slice(0, lane.batchSize));
}

function grayBatch({ request: { from, size } }: ProbeRequest): readonly Uint8Array[] {
  const frame = new Uint8Array(frameBytes(from)).fill(0x70);
  return Array.from({ length: size.batchSize }, () => frame);
}
