import { answerFrames, beLane, readAsked } from '../../upscale/onnx/lane-channel.ts';
import { requestHeaderBytes } from '../../upscale/onnx/lane-protocol.ts';
import { openModel, openPictureModel } from '../../upscale/onnx/open-model.ts';
import { loadRuntime } from '../../upscale/onnx/runtime.ts';
import {
  type CropLaneFacts,
  type CropLaneOptions,
  cropHeaderBytes,
  cropLaneOptionsSchema,
} from './crop-lane-protocol.ts';
import { CropEnlarger, CropInpainter, type CropModel } from './crop-models.ts';
import { InpaintingModel } from './inpainting-model.ts';
import { codingText, probeInpainting } from './probe-inpainting.ts';

/**
 * The program that has the model of crops loaded: it processes crops from stdin to stdout until stdin ends.
 *
 * @param argument - Its options as JSON.
 * @returns the exit code: 0 also after a failure that was reported.
 */
export async function runCropLane(argument: string): Promise<number> {
  return await beLane(async () => {
    const { model, facts } = await makeReady(cropLaneOptionsSchema.parse(JSON.parse(argument)));
    return { facts, serve: () => serve(model) };
  });
}

async function makeReady(
  options: CropLaneOptions,
): Promise<{ readonly model: CropModel; readonly facts: CropLaneFacts }> {
  const runtime = await loadRuntime();
  const { session, provider, notes } = await openModel(runtime, options);
  if (session.inputMetadata.length === 1) {
    await session.release();
    const { model, ...opened } = await openPictureModel(runtime, options, 'uint16');
    const { tile } = options;
    const note = `the model enlarges ${model.scale} times; the result is made as small again as the region`;
    return {
      model: new CropEnlarger({ runtime, ...opened, model, tile }),
      facts: { provider, isInpainter: false, notes: [...notes, note] },
    };
  }
  const model = new InpaintingModel(runtime, session);
  const facts = await probeInpainting(model, options);
  const note = `the model fills: ${codingText(facts.coding)}`;
  return {
    model: new CropInpainter(model, facts),
    facts: { provider, isInpainter: true, notes: [...notes, note] },
  };
}

async function serve(model: CropModel): Promise<void> {
  const header = Buffer.alloc(requestHeaderBytes + cropHeaderBytes);
  while (readAsked(header)) {
    const [width, height] = [
      header.readUInt32LE(requestHeaderBytes),
      header.readUInt32LE(requestHeaderBytes + 4),
    ];
    const [rgb, mask] = [new Uint16Array(3 * width * height), new Uint8Array(width * height)];
    if (!readAsked(rgb, mask)) return;
    if (!answerFrames([await model.process({ rgb, mask, width, height })])) return;
  }
}
