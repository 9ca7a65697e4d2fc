import { z } from 'zod';

/*
 * What a worker and its lanes say to each other. Both are the same program of the same version, so nothing of this is
 * versioned or stored. Integers are 32 bits, little-endian.
 *
 * The worker writes: number of frames; the frames, raw.
 * The lane answers:  kind, number of frames; the frames, raw.
 *               or:  kind, length in bytes; that much JSON.
 * Before anything is asked, the lane says what it is.
 */

/** Bytes before the frames that the worker writes. */
export const requestHeaderBytes = 4;
/** Bytes before what the lane answers. */
export const answerHeaderBytes = 8;
export const answerKinds = { facts: 1, frames: 2, failure: 3 } as const;

/** What a lane is told when it is started. */
export const laneOptionsSchema = z.object({
  modelPath: z.string(),
  scale: z.int().min(1),
  width: z.int().min(1),
  height: z.int().min(1),
  pixelFormat: z.enum(['rgb24', 'rgb48le']),
  batchSize: z.int().min(1),
  tile: z.int().min(0),
  /** Which of several GPUs it takes, in turns. */
  lane: z.int().min(0),
  /** Threads of its own for computing. */
  threads: z.int().min(1),
});

/** What a lane has found out about its model and itself. */
export const laneFactsSchema = z.object({
  provider: z.enum(['cuda', 'cpu']),
  /** Frames that the model takes at once; null: as many as it is given. */
  batch: z.int().min(1).nullable(),
  /** The only sides of windows that the model takes, in pixels; null: any. */
  fixed: z.object({ width: z.int().nullable(), height: z.int().nullable() }),
  /** Sides of windows are multiples of this. */
  alignment: z.int().min(1),
  /** How far the model looks around a pixel; null: not known. */
  radius: z.int().nullable(),
  padding: z.int().min(0),
  /** What a person should know: a GPU that could not be used, a padding that is less than the radius. */
  notes: z.array(z.string()),
});

/**
 * Why a lane can do nothing.
 * - `model`: this model will never do.
 * - `runtime`: ONNX Runtime is missing.
 */
export const laneFailureSchema = z.object({
  reason: z.enum(['model', 'runtime', 'out-of-memory', 'failed']),
  message: z.string(),
});

export type LaneOptions = z.infer<typeof laneOptionsSchema>;
export type OnnxLaneFacts = z.infer<typeof laneFactsSchema>;
