import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FrameFormat } from '../../../src/core/frames/frame-format.ts';
import { OnnxEngine } from '../../../src/worker/upscale/onnx/onnx-engine.ts';
import type { Lane } from '../../../src/worker/upscale/upscale-engine.ts';
import { randomNumbers } from './sample-models.ts';

/** A program that is a lane, of the sources as they are. */
export const laneProgram = fileURLToPath(new URL('./lane-main.ts', import.meta.url));

/** What a lane is started with; all the rest is usual. */
export interface LaneWishes {
  readonly batchSize?: number;
  readonly tile?: number;
  readonly cores?: number;
  readonly signal?: AbortSignal;
}

/** Engines and lanes of models that a test makes up; it ends them all. */
export class OnnxRig {
  readonly log: string[] = [];
  readonly #folder: string;
  readonly #lanes: Lane[] = [];
  #models = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  write(model: Buffer): string {
    const path = join(this.#folder, `model_${this.#models++}.onnx`);
    writeFileSync(path, model);
    return path;
  }

  engine(modelPath: string, wishes: LaneWishes = {}, program = laneProgram): OnnxEngine {
    const log = (line: string) => void this.log.push(line);
    const { cores } = wishes;
    return new OnnxEngine({ modelPath, program, log, ...(cores !== undefined && { cores }) });
  }

  async lane(engine: OnnxEngine, from: FrameFormat, wishes: LaneWishes = {}): Promise<Lane> {
    const { batchSize = 4, tile = 0, signal = new AbortController().signal } = wishes;
    const size = { batchSize, tile };
    // What comes of it the engine finds out by itself.
    const lane = await engine.startLane({ from, to: from, clip: null, size, lane: 0, lanes: 1 }, signal);
    this.#lanes.push(lane);
    return lane;
  }

  /** What a lane makes of some 8-bit frames. */
  async upscale(
    model: Buffer,
    frames: readonly Uint8Array[],
    from: FrameFormat,
    wishes: LaneWishes = {},
  ): Promise<Uint8Array[]> {
    const lane = await this.lane(this.engine(this.write(model), wishes), from, wishes);
    const large = await lane.upscale(frames);
    await lane.close();
    return large;
  }

  async close(): Promise<void> {
    await Promise.all(this.#lanes.splice(0).map((lane) => lane.close()));
  }
}

/** A picture with edges and noise, 8 bits a sample, the same for the same seed. */
export function samplePicture(width: number, height: number, seed = 1): Uint8Array {
  const next = randomNumbers(seed);
  return Uint8Array.from({ length: 3 * width * height }, (_, i) => {
    const x = Math.floor(i / 3) % width;
    return Math.floor(128 + 100 * Math.sin((x * seed) / 5 + i / 50) + 27 * next());
  });
}
