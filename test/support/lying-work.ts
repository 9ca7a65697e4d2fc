import type { ManifestTask } from '../../src/protocol/manifest.ts';
import type { TaskResult } from '../../src/protocol/task-result.ts';

/** One thing that a host may make up, and how a run ends the prompt that it was told for. */
export interface Lie {
  readonly name: string;
  readonly code: string;
  tell(honest: TaskResult, task: ManifestTask): TaskResult;
}

const withText = (text: (task: ManifestTask, honest: TaskResult) => string) => ({
  tell: (honest: TaskResult, task: ManifestTask) => ({ ...honest, text: text(task, honest) }),
});

const withFacts = (facts: Partial<TaskResult>) => ({
  tell: (honest: TaskResult) => ({ ...honest, ...facts }),
});

const tokens = (prompt: number | null, completion: number | null) => ({
  usage: { prompt_tokens: prompt, completion_tokens: completion },
});

/** What a host may return as a good result, whatever it was asked. */
export const lies: readonly Lie[] = [
  { name: 'no text', code: 'output-empty', ...withFacts({ text: null }) },
  { name: 'blanks', code: 'output-empty', ...withText(() => ' \n\t ') },
  { name: 'marks without a word', code: 'output-empty', ...withText(() => '\u200b\u2060 … — !!') },
  { name: 'the prompt', code: 'output-copied', ...withText(({ prompt }) => prompt) },
  {
    name: 'the prompt in capitals',
    code: 'output-copied',
    ...withText(({ prompt }) => ` ${prompt.toUpperCase().replaceAll(' ', '  ')}!`),
  },
  { name: 'a refusal', code: 'output-refused', ...withText(() => "I'm sorry, but I can't help with that.") },
  { name: 'a cut text', code: 'output-truncated', ...withFacts({ finish_reason: 'length' }) },
  { name: 'a filtered text', code: 'output-filtered', ...withFacts({ finish_reason: 'content_filter' }) },
  { name: 'a text without frames', code: 'no-frames', ...withFacts({ frames_used: 0 }) },
  { name: 'a text from one frame', code: 'no-frames', ...withFacts({ frames_used: 1 }) },
  { name: 'more frames than were sent', code: 'result-implausible', ...withFacts({ frames_used: 40 }) },
  { name: 'another engine', code: 'result-implausible', ...withFacts({ model: 'gpt-9' }) },
  {
    name: 'a text of a megabyte',
    code: 'result-implausible',
    ...withText((_task, { text }) => `${text} `.repeat(2 ** 20 / (text?.length ?? 1))),
  },
  {
    name: 'attempts without an end',
    code: 'result-implausible',
    ...withFacts({ attempts: Number.MAX_SAFE_INTEGER }),
  },
  {
    name: 'a duration of ages',
    code: 'result-implausible',
    ...withFacts({ duration_ms: Number.MAX_SAFE_INTEGER }),
  },
  {
    name: 'tokens without an end',
    code: 'result-implausible',
    ...withFacts(tokens(Number.MAX_SAFE_INTEGER, 1)),
  },
  { name: 'tokens below none', code: 'result-implausible', ...withFacts(tokens(null, -7)) },
  { name: 'attempts below none', code: 'result-implausible', ...withFacts({ attempts: -1 }) },
  {
    name: 'a duration that is no number',
    code: 'result-implausible',
    ...withFacts({ duration_ms: Number.NaN }),
  },
];
