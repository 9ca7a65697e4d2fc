import { availableParallelism } from 'node:os';
import { type FrameFormat, frameBytes } from '../../../core/frames/frame-format.ts';
import { EngineError } from '../../tasks/engine-error.ts';
import { type Lane, LaneError, type LaneRequest, type UpscaleEngine } from '../upscale-engine.ts';
import { LaneProcess } from './lane-process.ts';
import {
  type LaneAnswer,
  type LaneOptions,
  laneFactsSchema,
  laneFailureSchema,
  type OnnxLaneFacts,
} from './lane-protocol.ts';

interface OnnxEngineOptions {
  readonly modelPath: string;
  /** The worker's own program, which starts its lanes: `runLane` is called when its first argument is `--lane`. */
  readonly program: string;
  /** Cores that its lanes share on the CPU; by default all. */
  readonly cores?: number;
  log(line: string): void;
}

/** A model of hundreds of MB from a slow disk, and CUDA's first start on a new GPU. */
export const laneStartTimeoutMs = 10 * 60_000;
/** The heaviest models need half an hour for a large frame on few cores. */
export const heaviestFrameMs = 60 * 60_000;
/** Smaller tiles are little but padding. */
const smallestTile = 32;
const trialFrame: FrameFormat = { width: 32, height: 32, pixelFormat: 'rgb24' };

/** Upscaling by a neural network in an ONNX file; each lane is a process that has the model loaded. */
export class OnnxEngine implements UpscaleEngine {
  readonly isProbed = true;
  readonly frameTimeoutMs = heaviestFrameMs;
  /** One is read, one computed, one written. */
  readonly callsAtOnce = 3;
  readonly #options: OnnxEngineOptions;
  readonly #logged = new Set<string>();
  #facts: OnnxLaneFacts | null = null;

  constructor(options: OnnxEngineOptions) {
    this.#options = options;
  }

  /** That of the model. @throws RangeError before a lane has started. */
  get scale(): number {
    if (this.#facts === null) throw new RangeError('what a model does is known once it was started');
    return this.#facts.scale;
  }

  /** Null for a model that takes pictures of one size only. */
  get minTile(): number | null {
    const { width = null, height = null } = this.#facts?.fixed ?? {};
    return width !== null && height !== null ? null : Math.max(smallestTile, this.#facts?.alignment ?? 1);
  }

  /** A CPU computes one picture with all of its cores: several at once only need more memory, which takes time to get. */
  callFrames(_from: FrameFormat, _to: FrameFormat, batchSize: number): number {
    return this.#facts?.provider === 'cpu' ? Math.min(batchSize, this.#facts.batch ?? 1) : batchSize;
  }

  outputFormat({ width, height, pixelFormat }: FrameFormat): FrameFormat {
    return { width: width * this.scale, height: height * this.scale, pixelFormat };
  }

  async start(signal: AbortSignal): Promise<void> {
    const request = { from: trialFrame, size: { batchSize: 1, tile: 0 }, lane: 0, lanes: 1 };
    const { process } = await this.#startProcess(request, signal);
    await process.close();
  }

  async startLane(request: LaneRequest, signal: AbortSignal): Promise<Lane> {
    const depth = this.callFrames(request.from, request.to, request.size.batchSize);
    const size = { ...request.size, batchSize: depth };
    const { process } = await this.#startProcess({ ...request, size }, signal);
    const wanted = { bytes: frameBytes(request.from), batchSize: request.size.batchSize };
    const largeBytes = frameBytes(this.outputFormat(request.from));
    return {
      ...request.size,
      upscale: async (frames) => {
        refuseOthers(frames, wanted);
        const parts = Array.from({ length: Math.ceil(frames.length / depth) }, (_, index) =>
          frames.slice(index * depth, (index + 1) * depth),
        );
        const answers = parts.map(async (part) => framesOf(await process.ask(part, largeBytes), part.length));
        return (await Promise.all(answers)).flat();
      },
      close: async () => await process.close(),
    };
  }

  async stop(): Promise<void> {
    // Everything lives in its lanes.
  }

  async #startProcess(request: Omit<LaneRequest, 'to' | 'clip'>, signal: AbortSignal) {
    signal.throwIfAborted();
    const { program, log } = this.#options;
    const options = this.#laneOptions(request);
    const process = new LaneProcess({ program, options, frameBytes: 0, log }, signal);
    try {
      const greeting = await process.greeting(laneStartTimeoutMs);
      if (greeting.kind !== 'facts') throw laneAnswerError(greeting);
      const facts = laneFactsSchema.parse(JSON.parse(greeting.text));
      this.#facts = facts;
      this.#logOnce(facts);
      return { process };
    } catch (error) {
      await process.close();
      throw error;
    }
  }

  #laneOptions({ from, size, lane, lanes }: Omit<LaneRequest, 'to' | 'clip'>): LaneOptions {
    const { width, height, pixelFormat } = from;
    if (pixelFormat !== 'rgb24' && pixelFormat !== 'rgb48le')
      throw new RangeError(`an ONNX model takes RGB frames, and not ${pixelFormat}`);
    const cores = this.#options.cores ?? availableParallelism();
    return {
      modelPath: this.#options.modelPath,
      ...{ width, height, pixelFormat, lane, ...size },
      threads: Math.max(1, Math.floor(cores / lanes)),
    };
  }

  #logOnce({ provider, notes }: OnnxLaneFacts): void {
    for (const note of [`the model runs on ${provider === 'cuda' ? 'a GPU' : 'the CPU'}`, ...notes]) {
      if (this.#logged.has(note)) continue;
      this.#logged.add(note);
      this.#options.log(note);
    }
  }
}

/** What the lane does not expect it would wait for, or take for something else. */
function refuseOthers(
  frames: readonly Uint8Array[],
  { bytes, batchSize }: { readonly bytes: number; readonly batchSize: number },
): void {
  if (frames.length < 1 || frames.length > batchSize)
    throw new LaneError(
      'failed',
      `The lane takes 1 to ${batchSize} frames at once, and not ${frames.length}.`,
    );
  if (frames.some(({ length }) => length !== bytes))
    throw new LaneError('failed', `The lane takes frames of ${bytes} bytes.`);
}

function framesOf(answer: LaneAnswer, count: number): Uint8Array[] {
  if (answer.kind !== 'frames') throw laneAnswerError(answer);
  if (answer.frames.length === count) return answer.frames;
  throw new LaneError('failed', `The lane gave ${answer.frames.length} frames for ${count}.`);
}

/** What a lane said instead of what it was asked for, as an error. */
export function laneAnswerError(answer: LaneAnswer): Error {
  if (answer.kind !== 'failure')
    return new LaneError('failed', 'The lane gave another answer than asked for.');
  const { reason, message } = laneFailureSchema.parse(JSON.parse(answer.text));
  if (reason === 'out-of-memory')
    return new LaneError(reason, `There is not enough memory for the model: ${message}.`);
  if (reason === 'failed') return new LaneError(reason, `The model failed: ${message}.`);
  if (reason === 'runtime') return new EngineError({ code: 'runtime-missing', class: 'fatal', message });
  const what = `The ONNX model cannot be used: ${message}.`;
  return new EngineError({ code: 'model-unreadable', class: 'fatal', message: what });
}
