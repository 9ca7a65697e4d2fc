import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Size } from '../../../core/hints/display-size.ts';
import { namesExternalData } from './external-data.ts';
import { FrameUpscaler } from './frame-upscaler.ts';
import { type Graph, readGraph } from './graph.ts';
import { modelRefused } from './lane-failure.ts';
import type { LaneOptions } from './lane-protocol.ts';
import type { ModelFacts } from './model-facts.ts';
import { receptiveRadius } from './receptive-radius.ts';
import { openSession, type Runtime, type Session } from './runtime.ts';
import { choosePadding, cutSide } from './tiles.ts';

/** Larger files protobuf, which ONNX is written in, cannot have: 2 GiB. */
const maxModelBytes = 2 ** 31 - 1;

/** Loads a model, whatever it does. @throws LaneFailure `model`, `out-of-memory`. */
export async function openModel(
  runtime: Runtime,
  { modelPath, ...options }: Pick<LaneOptions, 'modelPath' | 'lane' | 'threads'>,
) {
  const model = await readModelFile(modelPath);
  refuseExternalData(model);
  const graph = graphOf(model);
  const radiusOf = ({ inputName, outputName }: ModelFacts) =>
    graph && receptiveRadius(graph, inputName, outputName);
  return { ...(await openSession(runtime, { model, ...options })), radiusOf };
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
  /** The largest sample of pictures. */
  readonly top: 255 | 65_535;
}

/** What enlarges pictures of one size, in tiles; and why their seams may show, null when they cannot. */
export function cutUpscaler(
  { radius, ...opened }: OpenedUpscaler,
  { width, height, tile, batchSize }: Size & Pick<LaneOptions, 'tile' | 'batchSize'>,
) {
  const { model } = opened;
  const { padding, note } = choosePadding(radius, model);
  const rules = { tile, padding, alignment: model.alignment };
  const columns = cutSide({ ...rules, side: width, fixed: model.width });
  const rows = cutSide({ ...rules, side: height, fixed: model.height });
  const isTiled = columns.spans.length * rows.spans.length > 1;
  const upscaler = new FrameUpscaler({ ...opened, batchSize, columns, rows });
  return { upscaler, padding, note: isTiled ? note : null };
}
