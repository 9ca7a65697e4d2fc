import type { InferenceSample, ModelFamily } from '../sample.ts';
import { asterisks, dropped, foreignJson, longPrompt, setParameters } from './warnings.ts';
import { prettyJson, torchrun, withoutNulls } from './writing.ts';

/** Cosmos-Predict2: one array; seed, steps and guidance are the command's and not the file's. */
export const predict2: ModelFamily = {
  name: 'predict2',
  title: 'Cosmos-Predict2',
  refusal: ({ video }) => (video === null ? 'it has no video or picture to start from' : null),
  warnings: (sample) => [
    ...longPrompt(sample),
    ...asterisks(sample),
    ...foreignJson(sample),
    ...dropped([
      ...droppedControls(sample),
      ...(sample.negativePrompt === '' ? [] : ['the negative prompt']),
    ]),
    ...dropped(setParameters(sample, ['num_steps', 'guidance', 'seed', 'sigma_max', 'fps'])),
  ],
  groupKey: () => '',
  writeGroup: (samples, _number, outputFolder) => {
    const entries = samples.map(({ name, prompt, video }) => {
      return { input_video: video?.path, prompt, output_video: `${outputFolder}/${name}.mp4` };
    });
    return { samples, files: [{ name: 'batch.json', text: prettyJson(entries) }], batch: ['batch.json'] };
  },
  command: () => [
    ...['python', '-m', 'examples.video2world', '--batch_input_json', '{batch}'],
    // Its own refiner is on by default, and would write other prompts.
    '--disable_prompt_refiner',
  ],
  outputsOf: (name) => ({ video: `${name}.mp4`, prompt: null, control: () => null }),
};

/** Cosmos-Predict2.5: a file for each sample, all of which one command takes. */
export const predict25: ModelFamily = {
  name: 'predict2.5',
  title: 'Cosmos-Predict2.5',
  refusal: ({ video }) => (video === null ? 'it has no video to start from' : null),
  warnings: (sample) => [
    ...asterisks(sample),
    ...foreignJson(sample),
    ...dropped([
      ...droppedControls(sample),
      ...(sample.negativePrompt === '' ? [] : ['the negative prompt']),
    ]),
    ...dropped(setParameters(sample, ['sigma_max', 'fps'])),
  ],
  groupKey: () => '',
  writeGroup: (samples) => ({
    samples,
    files: samples.map((sample) => ({
      name: `${sample.name}.json`,
      text: prettyJson(predict25Sample(sample)),
    })),
    batch: samples.map(({ name }) => `${name}.json`),
  }),
  command: (numGpu) => [
    ...(numGpu > 1 ? torchrun : ['python']),
    ...['examples/inference.py', '-i', '{batch}', '-o', '{out}'],
  ],
  outputsOf: (name) => ({ video: `${name}.mp4`, prompt: `${name}.txt`, control: () => null }),
};

function predict25Sample({ name, prompt, video, parameters }: InferenceSample): object {
  const { seed, guidance, num_steps } = parameters;
  return withoutNulls({
    inference_type: 'video2world',
    ...{ name, prompt, input_path: video?.path ?? null, seed, guidance: Math.round(guidance), num_steps },
    resolution: 'none',
    num_output_frames: 77,
  });
}

function droppedControls({ controls }: InferenceSample): string[] {
  return controls.map(({ kind }) => `the control "${kind}"`);
}
