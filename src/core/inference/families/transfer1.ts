import type { InferenceSample, ModelFamily, SampleControl } from '../sample.ts';
import { asterisks, chunked, dropped, foreignJson, longPrompt, noControl, visAtOne } from './warnings.ts';
import { jsonLines, namesOf, prettyJson, torchrun, withoutNulls } from './writing.ts';

/** Of `transfer.py`; an object under any other key is an error there. */
const hints = ['vis', 'seg', 'edge', 'depth', 'keypoint', 'upscale', 'hdmap', 'lidar'];
const chunkFrames = 121;

/** Cosmos-Transfer1: a base spec with all that the samples share, and a line for each sample. */
export const transfer1: ModelFamily = {
  name: 'transfer1',
  title: 'Cosmos-Transfer1',
  refusal: ({ video, controls }) => {
    if (video === null) return 'it has no video';
    return knownOf(controls).length === 0 ? noControl : null;
  },
  warnings: (sample) => [
    ...longPrompt(sample),
    ...asterisks(sample),
    ...foreignJson(sample),
    ...visAtOne(sample),
    ...chunked(sample, chunkFrames),
    ...dropped(
      sample.controls.filter(({ kind }) => !hints.includes(kind)).map(({ kind }) => `the control "${kind}"`),
    ),
    ...(weightOf(knownOf(sample.controls)) > 1
      ? ['weights that add up to more than 1 are scaled down to 1 by the model']
      : []),
  ],
  // Everything but videos, prompts and weights is one for the whole batch.
  groupKey: ({ controls, parameters, negativePrompt }) =>
    JSON.stringify([namesOf(knownOf(controls)), parameters, negativePrompt]),
  writeGroup: (samples, number) => {
    const name = `batch_${String(number).padStart(2, '0')}`;
    const [first] = samples;
    return {
      samples,
      files: [
        { name: `${name}.json`, text: prettyJson(first ? baseOf(first) : {}) },
        { name: `${name}.jsonl`, text: jsonLines(samples.map(lineOf)) },
      ],
      batch: [`${name}.jsonl`],
      spec: `${name}.json`,
    };
  },
  command: () => [
    ...[...torchrun, '--nnodes=1', '--node_rank=0', 'cosmos_transfer1/diffusion/inference/transfer.py'],
    ...['--checkpoint_dir', '{checkpoints}', '--video_save_folder', '{out}', '--num_gpus', '{num_gpu}'],
    ...['--controlnet_specs', '{spec}', '--batch_input_path', '{batch}', '--batch_size', '1'],
    ...['--offload_text_encoder_model', '--offload_guardrail_models'],
  ],
  environment: { PYTHONPATH: '.' },
  outputsOf: (_name, index) => ({
    video: `video_${index}/output.mp4`,
    prompt: `video_${index}/prompt.txt`,
    control: (kind) => `video_${index}/${kind}_input_control_0.mp4`,
  }),
  isNumbered: true,
};

function knownOf(controls: readonly SampleControl[]): readonly SampleControl[] {
  return controls.filter(({ kind }) => hints.includes(kind));
}

function weightOf(controls: readonly SampleControl[]): number {
  return controls.reduce((sum, { weight }) => sum + weight, 0);
}

function baseOf({ prompt, negativePrompt, video, controls, parameters }: InferenceSample): object {
  const { num_steps, guidance, sigma_max, blur_strength, canny_threshold, fps, seed } = parameters;
  return withoutNulls({
    prompt,
    negative_prompt: negativePrompt,
    input_video_path: video?.path ?? null,
    ...{ seed, num_steps, guidance, sigma_max, fps, blur_strength, canny_threshold },
    ...Object.fromEntries(knownOf(controls).map((control) => [control.kind, hintOf(control)])),
  });
}

function lineOf({ prompt, video, controls }: InferenceSample): object {
  const overrides = Object.fromEntries(knownOf(controls).map((control) => [control.kind, hintOf(control)]));
  return { visual_input: video?.path, prompt, control_overrides: overrides };
}

function hintOf({ path, weight }: SampleControl): object {
  return { control_weight: weight, input_control: path };
}
