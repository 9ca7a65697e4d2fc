import type { InferenceSample, ModelFamily, SampleControl } from '../sample.ts';
import {
  asterisks,
  chunked,
  dropped,
  foreignJson,
  longPrompt,
  noControl,
  setParameters,
  visAtOne,
} from './warnings.ts';
import { jsonLines, namesOf, torchrun, withoutNulls } from './writing.ts';

const kinds = ['vis', 'edge', 'depth', 'seg'];
const chunkFrames = 93;
const maxGuidance = 7;

/** Cosmos-Transfer2.5: a line for each sample; an unknown key or a missing file would end the whole batch there. */
export const transfer25: ModelFamily = {
  name: 'transfer2.5',
  title: 'Cosmos-Transfer2.5',
  refusal: ({ video, controls }) => {
    if (video === null) return 'it has no video';
    if (!controls.some(({ kind }) => kinds.includes(kind))) return noControl;
    return null;
  },
  warnings: (sample) => [
    ...longPrompt(sample),
    ...asterisks(sample),
    ...foreignJson(sample),
    ...visAtOne(sample),
    ...chunked(sample, chunkFrames),
    ...dropped(
      sample.controls.filter(({ kind }) => !kinds.includes(kind)).map(({ kind }) => `the control "${kind}"`),
    ),
    // Its own sigma_max is text from 0 to 200 and means another thing.
    ...dropped(setParameters(sample, ['sigma_max', 'fps'])),
    ...(sample.controls.some(({ weight }) => weight > 1) ? ['weights above 1 are written as 1'] : []),
    ...guidanceWarning(sample),
  ],
  // Several sets of controls in one batch load the model for all of them, for every sample.
  groupKey: ({ controls }) => namesOf(controls),
  writeGroup: (samples, number) => {
    const name = `samples_${String(number).padStart(2, '0')}.jsonl`;
    return {
      samples,
      files: [{ name, text: jsonLines(samples.map(lineOf)) }],
      batch: [name],
    };
  },
  command: (numGpu) => [
    ...(numGpu > 1 ? torchrun : ['python']),
    ...['examples/inference.py', '-i', '{batch}', '-o', '{out}', '--offload-guardrail-models'],
  ],
  outputsOf: (name) => ({
    video: `${name}.mp4`,
    prompt: `${name}.txt`,
    control: (kind) => `${name}_control_${kind}.mp4`,
  }),
};

function guidanceWarning({ parameters: { guidance } }: InferenceSample): string[] {
  const written = guidanceOf(guidance);
  return written === guidance
    ? []
    : [`guidance ${guidance} is written as ${written}: the model takes whole numbers up to ${maxGuidance}`];
}

function guidanceOf(guidance: number): number {
  return Math.min(maxGuidance, Math.round(guidance));
}

function lineOf({ name, prompt, negativePrompt, video, controls, parameters }: InferenceSample): object {
  const { seed, guidance, num_steps, blur_strength, canny_threshold } = parameters;
  const settings: Readonly<Record<string, object>> = {
    vis: { preset_blur_strength: blur_strength },
    edge: { preset_edge_threshold: canny_threshold },
  };
  const entry = ({ kind, path, weight }: SampleControl): [string, object] => [
    kind,
    withoutNulls({ control_path: path, control_weight: Math.min(1, weight), ...settings[kind] }),
  ];
  return withoutNulls({
    name,
    prompt,
    negative_prompt: negativePrompt,
    video_path: video?.path ?? null,
    ...{ seed, guidance: guidanceOf(guidance), num_steps, resolution: '720' },
    ...Object.fromEntries(controls.filter(({ kind }) => kinds.includes(kind)).map(entry)),
  });
}
