import { readFile } from 'node:fs/promises';
import type { Size } from '../../../core/hints/display-size.ts';
import { FrameUpscaler } from './frame-upscaler.ts';
import { readGraph } from './graph.ts';
import { modelRefused } from './lane-failure.ts';
import type { LaneOptions } from './lane-protocol.ts';
import type { ModelFacts } from './model-facts.ts';
import { receptiveRadius } from './receptive-radius.ts';
import { openSession, type Runtime, type Session } from './runtime.ts';
import { choosePadding, cutSide } from './tiles.ts';

/** Loads a model, whatever it does. @throws LaneFailure `model`, `out-of-memory`. */
export async function openModel(
  runtime: Runtime,
  options: Pick<LaneOptions, 'modelPath' | 'lane' | 'threads'>,
) {
  const { radiusOf, hasExternalData } = await readModelFile(options.modelPath);
  if (hasExternalData)
    throw modelRefused('its weights are in a file of their own; they have to be in the model file');
  return { ...(await openSession(runtime, options)), radiusOf };
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
