/** A program that is nothing but a lane: what the worker's is when its first argument says so. */
import { runCropLane } from '../../../src/worker/retouch/onnx/crop-lane.ts';
import { cropLaneArgument } from '../../../src/worker/retouch/onnx/crop-lane-protocol.ts';
import { runLane } from '../../../src/worker/upscale/onnx/lane-program.ts';

const run = process.argv[2] === cropLaneArgument ? runCropLane : runLane;
process.exit(await run(process.argv[3] ?? ''));
