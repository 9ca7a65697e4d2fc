import { z } from 'zod';

/*
 * What the program says to the process that looks for things in pictures. Both are of one version, so nothing of this is
 * stored. The program writes pictures: 8-bit RGB, row by row, of the size that the greeting names, one after the other.
 * The process answers in lines of JSON: a greeting, and then one answer for each picture.
 */

const sidePx = z.int().min(1).max(65_536);
const sizeSchema = z.object({ width: sidePx, height: sidePx });

export const detectorOptionsSchema = z.object({
  /** `text`: a DB detector of writing; `yolo`: a YOLO export. */
  kind: z.enum(['text', 'yolo']),
  model_path: z.string(),
  /** The video's picture as shown. */
  shown: sizeSchema,
  /** Weaker detections are left out. */
  least_score: z.number().min(0).max(1),
});

const failureSchema = z.object({
  kind: z.literal('failure'),
  /** `runtime`: ONNX Runtime is missing; `model`: this one will never do. */
  reason: z.enum(['model', 'runtime', 'out-of-memory', 'failed']),
  message: z.string(),
});

export const detectorGreetingSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready'), picture: sizeSchema }),
  failureSchema,
]);

export const detectorAnswerSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('found'),
    /** Left, top, right and bottom in pixels of the picture, score, and number of the class. */
    detections: z.array(z.tuple([z.number(), z.number(), z.number(), z.number(), z.number(), z.int()])),
  }),
  failureSchema,
]);

/** An argument that makes the worker's program such a process; its options follow as JSON. */
export const detectorArgument = '--detect';

export type DetectorOptions = z.infer<typeof detectorOptionsSchema>;
export type DetectorGreeting = z.infer<typeof detectorGreetingSchema>;
export type DetectorAnswer = z.infer<typeof detectorAnswerSchema>;
export type DetectorFailure = z.infer<typeof failureSchema>;
