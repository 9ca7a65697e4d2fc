import { batchesOfLane, batchRange, countBatches } from './batches.ts';
import { frameName, inChunks } from './frame-names.ts';

/** What all manifests of a video say. */
interface ManifestInput {
  /** Numbers of the frames that are upscaled, ascending. */
  readonly uniqueFrames: Int32Array;
  /** Workers side by side; each has a manifest. */
  readonly workers: number;
  readonly batchSize: number;
  readonly scale: number;
  /** Side of a tile in pixels; 0 for whole frames. */
  readonly tile: number;
}

/**
 * `worker_<n>_manifest.txt`: the batches of one worker with the names of their frames, as text in chunks, so that its
 * size does not matter.
 */
export function workerManifest(worker: number, input: ManifestInput): Iterable<string> {
  return inChunks(manifestParts(worker, input));
}

function* manifestParts(worker: number, input: ManifestInput): Generator<string> {
  const { uniqueFrames, workers, batchSize, scale, tile } = input;
  const batches = countBatches(uniqueFrames.length, batchSize);
  yield `# Worker ${worker} Manifest - Batches:`;
  for (let batch = worker; batch < batches; batch += workers) yield `${batch === worker ? '' : ','} ${batch}`;
  yield `\n# Scale: ${scale}x, Batch Size: ${batchSize}, Patch Size: ${tile}\n`;
  yield `# Total Batches: ${batchesOfLane(worker, workers, 0, batches)}\n\n`;
  for (let batch = worker; batch < batches; batch += workers) {
    const { first, last } = batchRange(batch, uniqueFrames.length, batchSize);
    yield `batch_${batch}`;
    for (let unique = first; unique <= last; unique++) yield `,${frameName(uniqueFrames[unique] ?? 0)}`;
    yield '\n';
  }
}
