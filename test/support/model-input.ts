import { z } from 'zod';
import type { FamilyName } from '../../src/core/inference/families.ts';
import type { InputFile } from '../../src/core/inference/sample.ts';

/**
 * Readers as strict as the models' own programs: an unknown key, a name twice, a blank line or a number out of range is
 * an error. Written after what those programs accept.
 */

const strength = z.enum(['very_low', 'low', 'medium', 'high', 'very_high']);
const path = z
  .string()
  .min(1)
  .refine((text) => !text.includes('\\'), 'paths have forward slashes');
const text = z.string().min(1);

const transfer1Hint = z.strictObject({ control_weight: z.number().min(0), input_control: path.nullable() });
const transfer1Kinds = ['vis', 'seg', 'edge', 'depth', 'keypoint', 'upscale', 'hdmap', 'lidar'] as const;
const transfer1Base = z
  .object({
    prompt: text,
    negative_prompt: text.optional(),
    input_video_path: path,
    seed: z.int(),
    num_steps: z.int().min(1),
    guidance: z.number(),
    sigma_max: z.number().min(0).max(80),
    fps: z.number().min(1),
    blur_strength: strength,
    canny_threshold: strength,
  })
  // Unknown scalars are ignored there; an object under an unknown key is an error.
  .catchall(z.unknown())
  .superRefine((base, context) => {
    const hints = Object.entries(base).filter(([, value]) => typeof value === 'object' && value !== null);
    if (hints.length === 0) context.addIssue('no hint');
    for (const [kind, hint] of hints) {
      const isKnown = transfer1Kinds.some((known) => known === kind);
      if (!isKnown || !transfer1Hint.safeParse(hint).success) context.addIssue(`bad hint ${kind}`);
    }
  });
const transfer1Line = z.strictObject({
  visual_input: path,
  prompt: text,
  control_overrides: z.record(z.string(), transfer1Hint),
});

const control = { control_path: path.optional(), control_weight: z.number().min(0).max(1) };
const transfer25Line = z
  .strictObject({
    name: text,
    prompt: text,
    negative_prompt: text.optional(),
    video_path: path,
    seed: z.int(),
    guidance: z.int().min(0).max(7),
    num_steps: z.int().min(1),
    resolution: z.enum(['480', '720']),
    vis: z.strictObject({ ...control, preset_blur_strength: strength }).optional(),
    edge: z.strictObject({ ...control, preset_edge_threshold: strength }).optional(),
    depth: z.strictObject(control).optional(),
    seg: z.strictObject(control).optional(),
  })
  .refine(({ vis, edge, depth, seg }) => vis ?? edge ?? depth ?? seg, 'at least one control');

const predict2Batch = z.array(z.strictObject({ input_video: path, prompt: text, output_video: path })).min(1);
const predict25Sample = z.strictObject({
  inference_type: z.literal('video2world'),
  name: text,
  prompt: text,
  input_path: path,
  seed: z.int(),
  guidance: z.int(),
  num_steps: z.int().min(1),
  resolution: z.literal('none'),
  num_output_frames: z.int(),
});

const control3 = { control_path: path.optional(), weight: z.number().min(0) };
const cosmos3Sample = z.strictObject({
  name: text,
  model_mode: z.literal('video2video'),
  prompt: text,
  vision_path: path,
  resolution: z.literal('720'),
  aspect_ratio: z.enum(['16,9', '4,3', '1,1', '3,4', '9,16']),
  num_frames: z.int().min(1),
  fps: z.number(),
  num_steps: z.int(),
  seed: z.int(),
  guidance: z.number(),
  negative_prompt: text.optional(),
  blur: z.strictObject({ ...control3, preset_blur_strength: strength }).optional(),
  edge: z.strictObject({ ...control3, preset_edge_threshold: strength }).optional(),
  depth: z.strictObject(control3).optional(),
  seg: z.strictObject(control3).optional(),
});

/** A sample as its program understands it. */
export interface ReadSample {
  /** Null where the program numbers its outputs. */
  readonly name: string | null;
  readonly prompt: string;
  /** Every file that it opens. */
  readonly paths: readonly string[];
  readonly controls: readonly string[];
  readonly numSteps: number;
  /** Where the input itself says it. */
  readonly outputPath: string | null;
}

/** The samples that a family's program would read from a group's files. @throws for what it would refuse. */
export function readModelInput(family: FamilyName, files: readonly InputFile[]): readonly ReadSample[] {
  const contents = files.map((file) => ({ ...file, values: valuesOf(file) }));
  if (family === 'transfer1') return readTransfer1(contents);
  const values = contents.flatMap((file) => file.values);
  const samples =
    family === 'predict2'
      ? predict2Batch.parse(values[0]).map(predict2Of)
      : values.map((value) => readers[family](value));
  const names = new Set(samples.map(({ name }) => name));
  if (names.size !== samples.length) throw new Error('a name stands there twice');
  return samples;
}

const readers = {
  'transfer2.5': (value: unknown): ReadSample => {
    const { name, prompt, video_path: video, num_steps: numSteps, ...sample } = transfer25Line.parse(value);
    const controls = (['vis', 'edge', 'depth', 'seg'] as const).filter((kind) => sample[kind]);
    const paths = [video, ...controls.flatMap((kind) => sample[kind]?.control_path ?? [])];
    return { name, prompt, paths, controls, numSteps, outputPath: null };
  },
  'predict2.5': (value: unknown): ReadSample => {
    const { name, prompt, input_path: video, num_steps: numSteps } = predict25Sample.parse(value);
    return { name, prompt, paths: [video], controls: [], numSteps, outputPath: null };
  },
  cosmos3: (value: unknown): ReadSample => {
    const { name, prompt, vision_path: video, num_steps: numSteps, ...sample } = cosmos3Sample.parse(value);
    const controls = (['blur', 'edge', 'depth', 'seg'] as const).filter((kind) => sample[kind]);
    const paths = [video, ...controls.flatMap((kind) => sample[kind]?.control_path ?? [])];
    return { name, prompt, paths, controls, numSteps, outputPath: null };
  },
};

function predict2Of({ input_video: video, prompt, output_video }: z.infer<typeof predict2Batch>[number]) {
  const outputPath = output_video;
  return { name: output_video, prompt, paths: [video], controls: [], numSteps: 35, outputPath };
}

function readTransfer1(contents: readonly { readonly values: readonly unknown[] }[]): ReadSample[] {
  const [base, lines] = contents;
  const parsed = transfer1Base.parse(base?.values[0]);
  return (lines?.values ?? []).map((value) => {
    const { control_overrides: overrides, prompt, visual_input: video } = transfer1Line.parse(value);
    const controls = Object.keys(overrides);
    const strange = controls.find((kind) => !Object.hasOwn(parsed, kind));
    if (strange !== undefined) throw new Error(`the base has no hint "${strange}"`);
    const paths = [video, ...Object.values(overrides).flatMap((hint) => hint.input_control ?? [])];
    return { name: null, prompt, paths, controls, numSteps: parsed.num_steps, outputPath: null };
  });
}

function valuesOf({ name, text: content }: InputFile): unknown[] {
  if (!name.endsWith('.jsonl')) return [JSON.parse(content)];
  const lines = content.replace(/\n$/, '').split('\n');
  if (lines.some((line) => line.trim() === '')) throw new Error('a blank line');
  return lines.map((line) => JSON.parse(line));
}
