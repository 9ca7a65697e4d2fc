import { availableParallelism } from 'node:os';
import { unlessAborted } from '../../../async/abort.ts';
import { within } from '../../../async/deadline.ts';
import { Mutex } from '../../../async/limits.ts';
import { RgbConverter } from '../../../core/frames/rgb-frames.ts';
import type { Size } from '../../../core/hints/display-size.ts';
import type { RetoucherSpec } from '../../../protocol/retouch.ts';
import { EngineError } from '../../tasks/engine-error.ts';
import { LaneProcess } from '../../upscale/onnx/lane-process.ts';
import { heaviestFrameMs, laneAnswerError, laneStartTimeoutMs } from '../../upscale/onnx/onnx-engine.ts';
import { LaneError } from '../../upscale/upscale-engine.ts';
import type { CropEngine, CropFrame, CropRun } from '../crop-engine.ts';
import {
  type CropLaneFacts,
  type CropLaneOptions,
  cropHeaderBytes,
  cropLaneArgument,
  cropLaneFactsSchema,
  numberRangesSchema,
} from './crop-lane-protocol.ts';
import { ReusedFills } from './reused-fills.ts';

interface OnnxCropEngineOptions {
  readonly modelPath: string;
  /** The worker's own program: it has the model when its first argument is {@link cropLaneArgument}. */
  readonly program: string;
  log(line: string): void;
}

type SaidOfModel = Pick<CropLaneOptions, 'erases' | 'ranges'>;
type OnnxCropSpec = Pick<RetoucherSpec, 'margin_px' | 'model_mask' | 'model_range'>;

/** The largest sample of the RGB that crops become. */
const top = 65_535;
/** What a model sees of pixels that it is to replace: a fill cannot depend on what was there. */
const blankSample = 32_768;
/** Side of the tiles that a model sees which enlarges: that of upscaling. */
const tile = 256;

/** Fills or sharpens crops by a neural network in an ONNX file, which a process of its own has loaded. */
export class OnnxCropEngine implements CropEngine {
  readonly radiusFrames = 0;
  readonly lookaheadFrames = 0;
  readonly #spec: OnnxCropSpec;
  readonly #options: OnnxCropEngineOptions;
  readonly #turn = new Mutex();
  readonly #closing = new AbortController();
  readonly #logged = new Set<string>();
  #lane: LaneProcess | null = null;
  #isInpainter = true;

  constructor(spec: OnnxCropSpec, options: OnnxCropEngineOptions) {
    this.#spec = spec;
    this.#options = options;
  }

  reachPx(): number {
    return this.#spec.margin_px;
  }

  async start(signal: AbortSignal): Promise<void> {
    await unlessAborted(
      this.#turn.run(() => this.#openLane().catch((error: unknown) => this.#giveUp(error))),
      signal,
    );
  }

  async *process(
    { format, color }: CropRun,
    crops: AsyncIterable<CropFrame>,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    const converter = new RgbConverter(format, color, top);
    const ask = (rgb: Uint16Array, mask: Uint8Array) => this.#ask(format, rgb, mask, signal);
    const fills = new ReusedFills(ask);
    for await (const { samples, mask, isWanted } of crops) {
      if (!isWanted || mask === null) {
        yield samples;
        continue;
      }
      const rgb = Uint16Array.from(converter.toRgb(samples));
      if (!this.#isInpainter) {
        yield converter.fromRgb(await ask(rgb, mask));
        continue;
      }
      for (let at = 0; at < rgb.length; at++) if (mask[Math.floor(at / 3)] !== 0) rgb[at] = blankSample;
      yield converter.fromRgb(await fills.fill(rgb, mask));
    }
    if (fills.reused > 0)
      this.#options.log(`${fills.reused} of ${fills.given} fills were those of the frame before`);
  }

  async stop(): Promise<void> {
    this.#closing.abort(new Error('the engine was stopped'));
    await this.#lane?.close();
  }

  /** One crop after the other; a call that is under way is left to end when its caller goes. */
  async #ask(
    { width, height }: Size,
    rgb: Uint16Array,
    mask: Uint8Array,
    signal: AbortSignal,
  ): Promise<Uint16Array> {
    const asked = this.#turn.run(async () => {
      signal.throwIfAborted();
      try {
        const lane = await this.#openLane();
        const header = Buffer.alloc(cropHeaderBytes);
        header.writeUInt32LE(width, 0);
        header.writeUInt32LE(height, 4);
        const crop = Buffer.concat([header, bytesOf(rgb), mask]);
        const answer = await within(
          heaviestFrameMs,
          lane.ask([crop], rgb.byteLength),
          () => new LaneError('died', `It did not answer within ${heaviestFrameMs / 60_000} minutes.`),
        );
        const [result] = answer.kind === 'frames' ? answer.frames : [];
        if (!result) throw laneAnswerError(answer);
        return new Uint16Array(result.buffer, result.byteOffset, rgb.length);
      } catch (error) {
        return await this.#giveUp(error);
      }
    }, signal);
    return await unlessAborted(asked, signal);
  }

  async #openLane(): Promise<LaneProcess> {
    if (this.#lane) return this.#lane;
    const { program, modelPath, log } = this.#options;
    const options: CropLaneOptions = {
      ...{ modelPath, lane: 0, threads: availableParallelism(), tile },
      ...saidOf(this.#spec),
    };
    const lane = new LaneProcess(
      { program, argument: cropLaneArgument, options, frameBytes: 0, log },
      this.#closing.signal,
    );
    this.#lane = lane;
    const greeting = await lane.greeting(laneStartTimeoutMs);
    if (greeting.kind !== 'facts') throw laneAnswerError(greeting);
    const facts = cropLaneFactsSchema.parse(JSON.parse(greeting.text));
    this.#isInpainter = facts.isInpainter;
    this.#logOnce(facts);
    return lane;
  }

  /** The next crop gets a process of its own. @throws always. */
  async #giveUp(error: unknown): Promise<never> {
    const lane = this.#lane;
    this.#lane = null;
    await lane?.close();
    this.#closing.signal.throwIfAborted();
    if (!(error instanceof LaneError)) throw error;
    const { message, reason } = error;
    if (reason === 'out-of-memory')
      throw new EngineError({ code: 'out-of-memory', class: 'permanent', message, cause: error });
    const code = reason === 'died' ? 'engine-crashed' : 'engine-failed';
    throw new EngineError({ code, class: 'transient', message, cause: error });
  }

  #logOnce({ provider, notes }: CropLaneFacts): void {
    for (const note of [`the model runs on ${provider === 'cuda' ? 'a GPU' : 'the CPU'}`, ...notes]) {
      if (this.#logged.has(note)) continue;
      this.#logged.add(note);
      this.#options.log(note);
    }
  }
}

/** What a person has said of the model. */
function saidOf({ model_mask: mask, model_range: range }: OnnxCropSpec): SaidOfModel {
  const [image, output] = numberRangesSchema.parse(range === 'auto' ? [] : range.split(','));
  return {
    erases: mask === 'erase-one' ? 'one' : mask === 'erase-zero' ? 'zero' : null,
    ranges: image && output ? { image, output } : null,
  };
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint16Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
