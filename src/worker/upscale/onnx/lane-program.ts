import { frameBytes } from '../../../core/frames/frame-format.ts';
import type { Size } from '../../../core/hints/display-size.ts';
import type { FrameUpscaler } from './frame-upscaler.ts';
import { beLane } from './lane-channel.ts';
import { LanePipes } from './lane-pipes.ts';
import {
  answerHeaderBytes,
  type LaneOptions,
  laneOptionsSchema,
  type OnnxLaneFacts,
  requestHeaderBytes,
} from './lane-protocol.ts';
import { cutUpscaler, openPictureModel } from './open-model.ts';
import { loadRuntime } from './runtime.ts';
import type { Picture } from './windows.ts';

/**
 * The program of a lane: loads the model, and then enlarges frames from stdin to stdout until stdin ends.
 *
 * @param argument - The lane's options as JSON.
 * @returns the exit code: 0 also after a failure that was reported.
 */
export async function runLane(argument: string): Promise<number> {
  return await beLane(async () => {
    const options = laneOptionsSchema.parse(JSON.parse(argument));
    const { upscaler, facts } = await makeReady(options);
    return { facts, serve: () => serve({ ...options, ...facts }, upscaler) };
  });
}

async function makeReady(options: LaneOptions) {
  const runtime = await loadRuntime();
  const type = options.pixelFormat === 'rgb24' ? 'uint8' : 'uint16';
  const { session, model, radius, provider, notes } = await openPictureModel(runtime, options, type);
  const { upscaler, padding, note } = cutUpscaler({ runtime, session, model, radius, type }, options);
  const { scale, batch, alignment, width, height } = model;
  const fixed = { width, height };
  const allNotes = note === null ? [...notes] : [...notes, note];
  const facts: OnnxLaneFacts = { provider, scale, batch, fixed, alignment, radius, padding, notes: allNotes };
  return { upscaler, facts };
}

/** Reads the next frames and writes the last ones while the model computes. */
async function serve(
  options: LaneOptions & Pick<OnnxLaneFacts, 'scale'>,
  upscaler: FrameUpscaler,
): Promise<void> {
  const { width, height, scale, batchSize, pixelFormat } = options;
  const small = { width, height };
  const large = { width: width * scale, height: height * scale };
  const sizes = {
    batchSize,
    smallBytes: frameBytes({ ...small, pixelFormat }),
    largeBytes: frameBytes({ ...large, pixelFormat }),
  };
  const pipes = new LanePipes(sizes);
  try {
    for await (const { count, buffer } of pipes.requests()) {
      const answer = await pipes.takeBuffer();
      const from = picturesIn(buffer, requestHeaderBytes, count, small, pixelFormat);
      await upscaler.upscale(from, picturesIn(answer, answerHeaderBytes, count, large, pixelFormat));
      pipes.answer(answer, count);
    }
  } finally {
    // What is said next comes after the frames.
    await pipes.flush();
  }
}

/** Frames that lie one after the other. */
function picturesIn(
  buffer: ArrayBuffer,
  begin: number,
  count: number,
  { width, height }: Size,
  pixelFormat: LaneOptions['pixelFormat'],
): Picture[] {
  const SampleArray = pixelFormat === 'rgb24' ? Uint8Array : Uint16Array;
  const samples = 3 * width * height;
  return Array.from({ length: count }, (_, index) => ({
    ...{ width, height },
    samples: new SampleArray(buffer, begin + index * samples * SampleArray.BYTES_PER_ELEMENT, samples),
  }));
}
