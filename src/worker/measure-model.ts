import { performance } from 'node:perf_hooks';
import { refusalOf } from './try-out-model.ts';
import { OnnxEngine } from './upscale/onnx/onnx-engine.ts';

const side = 128;
const leastMs = 1_500;
const mostRounds = 50;

/**
 * How quick a model is on this machine, with all of its cores or its GPU: the same small picture, again and again.
 *
 * @param program - The worker's program.
 * @throws AppError `model-unreadable`, `prerequisite-missing`; the signal's reason.
 */
export async function measureModel(modelPath: string, program: string, signal: AbortSignal) {
  const engine = new OnnxEngine({ modelPath, program, log: () => undefined });
  const from = { width: side, height: side, pixelFormat: 'rgb24' };
  const picture = Uint8Array.from({ length: side * side * 3 }, (_, index) => (index * 37) % 256);
  try {
    await engine.start(signal);
    const size = { batchSize: 1, tile: 0 };
    const to = engine.outputFormat(from);
    const lane = await engine.startLane({ from, to, clip: null, size, lane: 0, lanes: 1 }, signal);
    try {
      // The first one takes memory, which later ones have.
      await lane.upscale([picture]);
      const startedMs = performance.now();
      let rounds = 0;
      while (rounds === 0 || (rounds < mostRounds && performance.now() - startedMs < leastMs)) {
        await lane.upscale([picture]);
        rounds += 1;
      }
      const seconds = (performance.now() - startedMs) / 1000;
      return { scale: engine.scale, megapixelsPerSecond: (rounds * side * side) / 1e6 / seconds };
    } finally {
      await lane.close();
    }
  } catch (error) {
    signal.throwIfAborted();
    throw refusalOf(error, modelPath) ?? error;
  } finally {
    await engine.stop();
  }
}
