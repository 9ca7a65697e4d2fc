/** A program that is nothing but a lane: what the worker's is when its first argument is `--lane`. */
import { runLane } from '../../../src/worker/upscale/onnx/lane-program.ts';

process.exit(await runLane(process.argv[3] ?? ''));
