import type { z } from 'zod';
import { messageOf } from '../../../errors/app-error.ts';
import type { laneFailureSchema } from './lane-protocol.ts';

/** Why a lane can do nothing, as it reports to its worker. */
export class LaneFailure extends Error {
  readonly reason: z.infer<typeof laneFailureSchema>['reason'];

  constructor(reason: LaneFailure['reason'], message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'LaneFailure';
    this.reason = reason;
  }
}

/** This model will never do. @param why - What it does, as the end of a sentence about it. */
export function modelRefused(why: string, cause?: unknown): LaneFailure {
  return new LaneFailure('model', why, cause);
}

/** What was thrown, as a failure of the lane; `otherwise` is its reason when it is neither known nor one of memory. */
export function laneFailureOf(error: unknown, otherwise: LaneFailure['reason']): LaneFailure {
  if (error instanceof LaneFailure) return error;
  const message = messageOf(error);
  return new LaneFailure(isOutOfMemory(message) ? 'out-of-memory' : otherwise, plainText(message), error);
}

const maxMessageLength = 500;

/** What ONNX Runtime says, as a part of a sentence: without the file's name, which here is a hash, and in one line. */
function plainText(message: string): string {
  const text = message.replace(/^Load model from .* failed:/, '').replaceAll(/\s+/g, ' ');
  return text.trim().replace(/\.+$/, '').slice(0, maxMessageLength);
}

/** How the runtime, CUDA and its libraries, and JavaScript say that memory is at its end. */
const sayings = [
  /bad_?alloc/i,
  /out of memory/i,
  /failed to allocate/i,
  /cudaErrorMemoryAllocation/,
  /CU(BLAS|DNN|FFT|SPARSE)_STATUS_ALLOC_FAILED/,
  /available memory of \d+ is smaller than requested/i,
  /array buffer allocation failed/i,
  /invalid (typed )?array (buffer )?length/i,
  /cannot create a buffer larger/i,
  /value of "size" is out of range/i,
];

/** Whether a message is about too little memory. */
export function isOutOfMemory(message: string): boolean {
  return sayings.some((saying) => saying.test(message));
}
