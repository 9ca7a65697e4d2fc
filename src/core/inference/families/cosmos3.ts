import { nearestRatio, parseCosmos3Prompt } from '../cosmos3-prompt.ts';
import type { InferenceSample, ModelFamily, SampleControl } from '../sample.ts';
import { dropped, setParameters } from './warnings.ts';
import { prettyJson, withoutNulls } from './writing.ts';

/** Our kinds, by the names they have there. */
const kinds: Readonly<Record<string, string>> = { vis: 'blur', edge: 'edge', depth: 'depth', seg: 'seg' };
const maxWords = 300;

/** Cosmos 3: a file for each sample; ratios are written with a comma, and `vis` is called `blur`. */
export const cosmos3: ModelFamily = {
  name: 'cosmos3',
  title: 'Cosmos 3',
  refusal: ({ video }) => (video === null ? 'it has no video' : null),
  warnings: (sample) => [
    ...promptWarnings(sample),
    ...dropped([
      ...sample.controls.filter(({ kind }) => !kinds[kind]).map(({ kind }) => `the control "${kind}"`),
      ...setParameters(sample, ['sigma_max']),
    ]),
  ],
  groupKey: () => '',
  writeGroup: (samples) => ({
    samples,
    files: samples.map((sample) => ({ name: `${sample.name}.json`, text: prettyJson(sampleOf(sample)) })),
    // The program resolves patterns itself.
    batch: ['*.json'],
  }),
  command: () => [
    ...['python', '-m', 'cosmos_framework.scripts.inference', '-i', '{batch}', '-o', '{out}'],
    ...['--checkpoint-path', 'Cosmos3-Nano', '--seed', '0'],
  ],
  outputsOf: (name) => ({
    video: `${name}/vision.mp4`,
    prompt: null,
    control: (kind) => (kinds[kind] ? `${name}/control_${kinds[kind]}.mp4` : null),
  }),
};

function sampleOf({ name, prompt, negativePrompt, video, controls, parameters }: InferenceSample): object {
  const { num_steps, seed, guidance, fps, blur_strength, canny_threshold } = parameters;
  const settings: Readonly<Record<string, object>> = {
    vis: { preset_blur_strength: blur_strength },
    edge: { preset_edge_threshold: canny_threshold },
  };
  const entries = controls.flatMap(({ kind, path, weight }: SampleControl) => {
    const known = kinds[kind];
    return known ? [[known, withoutNulls({ control_path: path, weight, ...settings[kind] })] as const] : [];
  });
  return withoutNulls({
    name,
    model_mode: 'video2video',
    prompt,
    vision_path: video?.path ?? null,
    resolution: '720',
    aspect_ratio: video ? nearestRatio(video.size.width / video.size.height) : null,
    num_frames: video?.frames ?? null,
    ...{ fps, num_steps, seed, guidance },
    negative_prompt: negativePrompt,
    ...Object.fromEntries(entries),
  });
}

/** A prompt in the model's own JSON is as long as it is; one whose facts are others than those of the sample is said. */
function promptWarnings({ prompt, parameters }: InferenceSample): string[] {
  const own = parseCosmos3Prompt(prompt);
  if (own)
    return own.fps === parameters.fps
      ? []
      : [`the prompt says ${own.fps} frames per second, but fps is ${parameters.fps}`];
  const words = wordsOf(prompt);
  return words > maxWords ? [`the prompt has ${words} words; fewer than ${maxWords} are advised`] : [];
}

function wordsOf(text: string): number {
  return text.split(/\s+/).filter((word) => word !== '').length;
}
