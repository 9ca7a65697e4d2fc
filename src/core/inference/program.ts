import type { InputGroup, ModelFamily } from './sample.ts';

/** What the placeholders of a command stand for. */
export interface ProgramValues {
  /** Paths of input files, or a pattern for them. */
  readonly batch: readonly string[];
  /** Empty in a family that has no such file. */
  readonly spec: string;
  readonly out: string;
  readonly num_gpu: string;
  readonly checkpoints: string;
  readonly port: string;
}

/** Program and arguments of one start. An argument that is `{batch}` alone becomes one for each of its paths. */
export function filledCommand(command: readonly string[], values: ProgramValues): string[] {
  const { batch, ...single } = values;
  const texts: Readonly<Record<string, string>> = { ...single, batch: batch.join(',') };
  return command.flatMap((argument) =>
    argument === '{batch}'
      ? [...batch]
      : [argument.replaceAll(/\{(\w+)\}/g, (whole, name: string) => texts[name] ?? whole)],
  );
}

/** Where the program writes when it is started by hand in the folder of an export. */
export const exportedOutputs = 'outputs';

/** The command for a group that was exported, as it is typed in its folder; the port is the launcher's usual one. */
export function exportedCommand({ command, environment = {} }: ModelFamily, group: InputGroup): string {
  const { batch, spec = '' } = group;
  const isEachFile = batch.length > 1;
  const typed = filledCommand(command(1), {
    batch: isEachFile ? ['*.json'] : batch,
    ...{ spec, out: exportedOutputs, num_gpu: '1', checkpoints: 'checkpoints', port: '29500' },
  });
  // The shell resolves a pattern only where the program does not.
  const quoted = typed.map((word) => (word.includes('*') && !isEachFile ? `"${word}"` : word));
  return [...Object.entries(environment).map(([name, value]) => `${name}=${value}`), ...quoted].join(' ');
}

/** Whether the program checks prompts and videos, by its arguments. */
export function guardrailsOf(own: readonly string[]): 'on' | 'off' | 'unknown' {
  if (own.length === 0) return 'on';
  return own.some((argument) => /^--disable[-_]guardrails?\b/.test(argument)) ? 'off' : 'unknown';
}

/** What a line of the program's log says of a failure; null for any other line. */
export type ProgramFailure = 'prompt-blocked' | 'out-of-memory';

const failures: readonly (readonly [ProgramFailure, RegExp])[] = [
  [
    'prompt-blocked',
    /guardrail blocked|blocked by (the )?guardrail|(prompt|video) is not safe|unsafe prompt/i,
  ],
  ['out-of-memory', /\bout of memory\b|OutOfMemoryError/i],
];

export function failureIn(line: string): ProgramFailure | null {
  return failures.find(([, pattern]) => pattern.test(line))?.[0] ?? null;
}

/** Whether the log ends with Python's words for a script that is not there, or for a module that it needs: no video can be made. */
export function isProgramMissing(tail: string): boolean {
  return /can't open file .+: \[Errno 2\]|No module named /.test(tail);
}

/**
 * The step of sampling that a line of a progress bar shows, such as ` 37%|███▋      | 13/35 [00:12<00:21, 1.02it/s]`.
 *
 * @param numSteps - Of the sample: other bars, as of loading, count other things.
 */
export function samplingStep(line: string, numSteps: number): number | null {
  const match = /\b(\d+)\/(\d+) \[/.exec(line);
  return match && Number(match[2]) === numSteps ? Number(match[1]) : null;
}

/** Whether a prompt file holds this prompt: programs may change spaces and line ends. */
export function isSamePrompt(file: string, prompt: string): boolean {
  const plain = (text: string) => text.replaceAll(/\s+/g, ' ').trim();
  return plain(file) === plain(prompt);
}
