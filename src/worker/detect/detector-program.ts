import type { Detection } from '../../core/detect/detection.ts';
import {
  type DetectorAnswer,
  type DetectorFailure,
  type DetectorGreeting,
  detectorOptionsSchema,
} from '../../protocol/detector.ts';
import { laneFailureOf } from '../upscale/onnx/lane-failure.ts';
import { openDetector } from './open-detector.ts';

/**
 * The program of a process that looks for things in pictures from stdin until stdin ends; see `protocol/detector.ts`. It is a
 * process of its own because ONNX Runtime computes in the thread that calls it, and because what it does wrong ends it.
 *
 * @param argument - Its options as JSON.
 * @returns the exit code: 0 also after a failure that was reported.
 */
export async function runDetector(argument: string): Promise<number> {
  // The reader may be gone.
  process.stdout.on('error', () => process.exit(0));
  try {
    const detector = await openDetector(detectorOptionsSchema.parse(JSON.parse(argument)));
    const { width, height } = detector.picture;
    say({ kind: 'ready', picture: { width, height } });
    for await (const picture of picturesOf(process.stdin, 3 * width * height))
      say({ kind: 'found', detections: (await detector.detect(picture)).map(written) });
  } catch (error) {
    const { reason, message } = laneFailureOf(error, 'failed');
    say({ kind: 'failure', reason, message });
  }
  return 0;
}

function written({ rect, score, label }: Detection): [number, number, number, number, number, number] {
  return [rect.left, rect.top, rect.right, rect.bottom, score, label];
}

function say(message: DetectorGreeting | DetectorAnswer | DetectorFailure): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

/** Pictures of a fixed size, each valid until the next one is taken. */
async function* picturesOf(pieces: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  const picture = new Uint8Array(bytes);
  let filled = 0;
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      const part = piece.subarray(at, at + bytes - filled);
      picture.set(part, filled);
      at += part.length;
      filled += part.length;
      if (filled < bytes) continue;
      filled = 0;
      yield picture;
    }
  }
}
