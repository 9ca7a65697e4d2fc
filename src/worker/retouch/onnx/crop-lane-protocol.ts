import { z } from 'zod';

/*
 * What a worker and the process of its crops' model say to each other: as in `lane-protocol.ts`, one crop at a time. A
 * crop is its width and height, 32 bits each, little-endian; its pixels, RGB of 16 bits a sample; and a byte for each
 * pixel, 255 where it is to be replaced. The answer is its pixels.
 */

/** An argument that makes the worker's program such a process; its options follow as JSON. */
export const cropLaneArgument = '--crop-lane';

/** Bytes of a crop before its pixels. */
export const cropHeaderBytes = 8;

/** How a model's numbers stand for a sample from black to full; `signed` is -1..1. */
export const numberRanges = ['0..1', '0..255', 'signed'] as const;

export const numberRangesSchema = z.array(z.enum(numberRanges));

export const cropLaneOptionsSchema = z.object({
  modelPath: z.string(),
  /** Which of several GPUs it takes. */
  lane: z.int().min(0),
  /** Threads of its own for computing. */
  threads: z.int().min(1),
  /** Side of the tiles that a model sees which enlarges, in pixels; 0: whole crops. */
  tile: z.int().min(0),
  /** Which number of a mask says that a pixel is to be replaced; null: is found out. */
  erases: z.enum(['one', 'zero']).nullable(),
  /** What the numbers of pictures are; null: is found out. */
  ranges: z.object({ image: z.enum(numberRanges), output: z.enum(numberRanges) }).nullable(),
});

export const cropLaneFactsSchema = z.object({
  provider: z.enum(['cuda', 'cpu']),
  /** Whether it fills what a mask says; otherwise it enlarges pictures. */
  isInpainter: z.boolean(),
  /** What a person should know: how it is asked, a GPU that could not be used. */
  notes: z.array(z.string()),
});

export type CropLaneOptions = z.infer<typeof cropLaneOptionsSchema>;
export type CropLaneFacts = z.infer<typeof cropLaneFactsSchema>;
export type NumberRange = (typeof numberRanges)[number];
