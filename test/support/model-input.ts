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

/** The samples that a family's program would read from a group's files. @throws for what it would refuse. */
export function readModelInput(family: FamilyName, files: readonly InputFile[]): number {
  const contents = files.map((file) => ({ ...file, values: valuesOf(file) }));
  if (family === 'transfer1') return readTransfer1(contents);
  if (family === 'predict2') return predict2Batch.parse(contents[0]?.values[0]).length;
  const schema = { 'transfer2.5': transfer25Line, 'predict2.5': predict25Sample, cosmos3: cosmos3Sample }[
    family
  ];
  const samples = contents.flatMap(({ values }) => values).map((value) => schema.parse(value));
  const names = new Set(samples.map(({ name }) => name));
  if (names.size !== samples.length) throw new Error('a name stands there twice');
  return samples.length;
}

function readTransfer1(contents: readonly { readonly values: readonly unknown[] }[]): number {
  const [base, lines] = contents;
  const parsed = transfer1Base.parse(base?.values[0]);
  for (const value of lines?.values ?? []) {
    const { control_overrides: overrides } = transfer1Line.parse(value);
    const strange = Object.keys(overrides).find((kind) => !Object.hasOwn(parsed, kind));
    if (strange !== undefined) throw new Error(`the base has no hint "${strange}"`);
  }
  return lines?.values.length ?? 0;
}

function valuesOf({ name, text: content }: InputFile): unknown[] {
  if (!name.endsWith('.jsonl')) return [JSON.parse(content)];
  const lines = content.replace(/\n$/, '').split('\n');
  if (lines.some((line) => line.trim() === '')) throw new Error('a blank line');
  return lines.map((line) => JSON.parse(line));
}
