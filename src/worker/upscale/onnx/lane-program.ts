import type { FrameUpscaler } from './frame-upscaler.ts';
import { answerFrames, beLane, readAsked } from './lane-channel.ts';
import {
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
  // A CPU computes one picture with all of its cores: several at once only need more memory, which takes time to get.
  const batchSize = provider === 'cpu' ? 1 : options.batchSize;
  const size = { ...options, batchSize };
  const { upscaler, padding, note } = cutUpscaler({ runtime, session, model, radius, type }, size);
  const { scale, batch, alignment, width, height } = model;
  const fixed = { width, height };
  const allNotes = note === null ? [...notes] : [...notes, note];
  const facts: OnnxLaneFacts = { provider, scale, batch, fixed, alignment, radius, padding, notes: allNotes };
  return { upscaler, facts };
}

async function serve(
  options: LaneOptions & Pick<OnnxLaneFacts, 'scale'>,
  upscaler: FrameUpscaler,
): Promise<void> {
  const { width, height, scale, batchSize } = options;
  const small = pictures(batchSize, width, height, options.pixelFormat);
  const large = pictures(batchSize, width * scale, height * scale, options.pixelFormat);
  const request = Buffer.alloc(requestHeaderBytes);
  while (readAsked(request)) {
    const count = request.readUInt32LE(0);
    if (count < 1 || count > batchSize) throw new RangeError(`${count} frames at once were not agreed upon`);
    const from = small.slice(0, count);
    if (!readAsked(...from.map(({ samples }) => samples))) return;
    const to = large.slice(0, count);
    await upscaler.upscale(from, to);
    if (!answerFrames(to.map(({ samples }) => samples))) return;
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
