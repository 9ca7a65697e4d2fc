import { z } from 'zod';
import { sha256Schema, taskKeySchema } from './identifiers.ts';

/** It becomes the name of files and folders: no separators, and no name of a folder above. */
const fileName = z.string().regex(/^(?!\.)[^/\\\p{Cc}]{1,200}$/u);
/** `vis`, `edge`, and whatever else some family knows. */
const controlKind = z.string().regex(/^[a-z][a-z0-9_]{0,31}$/);
/** With its dot; empty for none. */
const extension = z.string().regex(/^(\.[A-Za-z0-9]{1,10})?$/);
const side = z.int().min(1).max(65_536);
const argument = z.string().max(4096);

/** Which model makes videos, and how its program is started. */
export const modelProgramSchema = z.object({
  /** Name of a family of models: its adapter writes their input and knows their output. */
  family: z.enum(['transfer1', 'transfer2.5', 'predict2', 'predict2.5', 'cosmos3']),
  /** Program and arguments in place of the family's own, with its placeholders; empty for those. */
  command: z.array(argument).max(256),
  /** Folder that the program starts in; empty for the worker's own. */
  program_dir: argument,
  /** What `{checkpoints}` stands for, unless the container says otherwise. */
  checkpoints_dir: argument,
  num_gpu: z.int().min(0).max(64),
  /** The most videos that one start of the program makes. */
  batch_size: z.int().min(1).max(10_000),
  /** Without any output or growing file for so long, the program is ended. */
  stall_timeout_ms: z.int().min(1),
  /** Control videos that the program leaves are kept, too. */
  keep_controls: z.boolean(),
});

/** One video to be made. Files lie among the objects. */
export const videoTaskSchema = z.object({
  task_key: taskKeySchema,
  name: fileName,
  prompt: z.string().min(1),
  negative_prompt: z.string(),
  video: z
    .object({ sha256: sha256Schema, extension, width: side, height: side, frames: z.int().min(1) })
    .nullable(),
  controls: z
    .array(
      z.object({
        kind: controlKind,
        /** Null where the model makes it from the video. */
        sha256: sha256Schema.nullable(),
        extension,
        weight: z.number().min(0).max(100),
      }),
    )
    .max(32),
  /** In the words of RunSpecs. */
  parameters: z.object({
    num_steps: z.int(),
    guidance: z.number(),
    sigma_max: z.number(),
    blur_strength: z.enum(['very_low', 'low', 'medium', 'high', 'very_high']),
    canny_threshold: z.enum(['very_low', 'low', 'medium', 'high', 'very_high']),
    fps: z.number(),
    seed: z.int(),
  }),
});

const outputFile = { sha256: sha256Schema, size_bytes: z.int().min(1) };

/** A video that is done and was decoded; its file lies among the run's outputs, under the task's key. */
export const madeVideoSchema = z.object({
  ...outputFile,
  width: side,
  height: side,
  frames: z.int().min(1),
  fps: z.number().min(0),
  /** Videos that the program left of its controls, each among the outputs under a key of its own. */
  controls: z.array(z.object({ ...outputFile, kind: controlKind, key: sha256Schema })).default([]),
  /** Whether the program checked prompt and video; unknown where its command is not the family's own. */
  guardrails: z.enum(['on', 'off', 'unknown']),
});

export type ModelProgram = z.infer<typeof modelProgramSchema>;
export type VideoTask = z.infer<typeof videoTaskSchema>;
export type MadeVideo = z.infer<typeof madeVideoSchema>;
