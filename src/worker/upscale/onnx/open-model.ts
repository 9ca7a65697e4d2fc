import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Size } from '../../../core/hints/display-size.ts';
import { isBuiltInFile } from '../../../core/models/built-in-models.ts';
import { namesExternalData } from './external-data.ts';
import { FrameUpscaler } from './frame-upscaler.ts';
import { type Graph, readGraph } from './graph.ts';
import { withHalfPrecision } from './half-precision.ts';
import { modelRefused } from './lane-failure.ts';
import type { LaneOptions } from './lane-protocol.ts';
import { describeModel, type ModelFacts, probeModel } from './model-facts.ts';
import { type SampleType, takingPictures } from './picture-graph.ts';
import { receptiveRadius } from './receptive-radius.ts';
import { openDescription, openSession, type Runtime, type Session } from './runtime.ts';
import { choosePadding, cutSide, tileFor } from './tiles.ts';

/** Larger files protobuf, which ONNX is written in, cannot have: 2 GiB. */
const maxModelBytes = 2 ** 31 - 1;

type ModelPlace = Pick<LaneOptions, 'modelPath' | 'lane' | 'threads'>;

/** Loads a model, whatever it does. @throws LaneFailure `model`, `out-of-memory`. */
export async function openModel(runtime: Runtime, { modelPath, ...options }: ModelPlace) {
  const model = await readModelFile(modelPath);
  refuseExternalData(model);
  return await openSession(runtime, { model, ...options });
}

/** Loads a model that enlarges pictures. @throws LaneFailure `model`, also for one that does something else; `out-of-memory`. */
export async function openPictureModel(
  runtime: Runtime,
  { modelPath, ...options }: ModelPlace,
  type: SampleType,
) {
  const file = await readModelFile(modelPath);
  refuseExternalData(file);
  const description = await openDescription(runtime, file);
  const signature = describeModel(description);
  await description.release();
  // Others may have numbers that half precision cannot hold; who has one that was made for it gives that.
  const canHalve = isBuiltInFile(createHash('sha256').update(file).digest('hex'));
  const opened = await openSession(runtime, {
    ...options,
    model: takingPictures(file, signature, type),
    halvedModel: canHalve
      ? () => takingPictures(withHalfPrecision(file), { ...signature, isHalf: true }, type)
      : null,
  });
  const model = await probeModel(runtime, opened.session, signature, type);
  const graph = graphOf(file);
  const radius = graph && receptiveRadius(graph, model.inputName, model.outputName);
  return { ...opened, model, radius, type };
}

/** Waits for nothing: a pipe is no model. */
async function readModelFile(path: string): Promise<Uint8Array> {
  await using file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  const stats = await file.stat();
  if (!stats.isFile()) throw modelRefused('it is no file');
  if (stats.size > maxModelBytes) throw modelRefused('it is larger than 2 GiB, and no ONNX model is');
  return await file.readFile();
}

/** What is not understood here is not given to ONNX Runtime: it could make it read any file. */
function refuseExternalData(model: Uint8Array): void {
  try {
    if (!namesExternalData(model)) return;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw modelRefused('Protobuf parsing failed', error);
  }
  throw modelRefused('its weights are in a file of their own; they have to be in the model file');
}

/** Null for a graph that only ONNX Runtime can read: how far it looks around is not known then. */
function graphOf(model: Uint8Array): Graph | null {
  try {
    return readGraph(model);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

interface OpenedUpscaler {
  readonly runtime: Runtime;
  readonly session: Session;
  readonly model: ModelFacts;
  /** How far the model looks around a pixel; null: not known. */
  readonly radius: number | null;
  readonly type: SampleType;
}

/** What enlarges pictures of one size, in tiles; and why their seams may show, null when they cannot. */
export function cutUpscaler(
  { radius, ...opened }: OpenedUpscaler,
  { width, height, tile, batchSize }: Size & Pick<LaneOptions, 'tile' | 'batchSize'>,
) {
  const { model } = opened;
  const { padding, note } = choosePadding(radius, model);
  const rules = { tile: tileFor({ width, height }, tile, padding), padding, alignment: model.alignment };
  const columns = cutSide({ ...rules, side: width, fixed: model.width });
  const rows = cutSide({ ...rules, side: height, fixed: model.height });
  const isTiled = columns.spans.length * rows.spans.length > 1;
  const upscaler = new FrameUpscaler({ ...opened, batchSize, columns, rows });
  return { upscaler, padding, note: isTiled ? note : null };
}
