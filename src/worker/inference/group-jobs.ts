import type { InferenceSample, ModelFamily } from '../../core/inference/sample.ts';
import type { VideoTask } from '../../protocol/inference.ts';

interface Grouped {
  readonly task: VideoTask;
}

/**
 * Takes, from the front, the videos that may share one start of the program with the first.
 *
 * @returns those, and the others in their order.
 */
export function groupTogether<Job extends Grouped>(
  jobs: readonly Job[],
  family: ModelFamily,
  limit: number,
): { readonly taken: Job[]; readonly rest: Job[] } {
  const [first] = jobs;
  const taken: Job[] = [];
  const rest: Job[] = [];
  const key = first && family.groupKey(unplaced(first.task));
  const prompts = new Set<string>();
  for (const job of jobs) {
    const { prompt } = job.task;
    // Where only the prompt says whose a video is, two of one prompt could be mistaken for each other.
    const isClear = !family.isNumbered || !prompts.has(prompt);
    const fits = taken.length < limit && isClear && family.groupKey(unplaced(job.task)) === key;
    (fits ? taken : rest).push(job);
    if (fits) prompts.add(prompt);
  }
  return { taken, rest };
}

/** The half that is tried first stands last: the cause is more likely in the one that the program begins with. */
export function halvesOf<Job>(jobs: readonly Job[]): Job[][] {
  const middle = Math.ceil(jobs.length / 2);
  return [jobs.slice(0, middle), jobs.slice(middle)].filter((half) => half.length > 0);
}

/** Finding one bad video among `size` by halves takes no more starts without a video than this. */
export function maxFruitlessStarts(size: number): number {
  return 1 + Math.ceil(Math.log2(Math.max(2, size)));
}

/** A task as far as groups depend on it: the places of its files do not matter. */
function unplaced(task: VideoTask): InferenceSample {
  const { name, prompt, negative_prompt: negativePrompt, parameters } = task;
  const controls = task.controls.map(({ kind, weight }) => ({ kind, weight, path: null }));
  return { name, prompt, negativePrompt, video: null, controls, parameters, promptTokens: 0 };
}
