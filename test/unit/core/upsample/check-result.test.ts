import { describe, expect, it } from 'vitest';
import { AnswerIndex, answerMark } from '../../../../src/core/upsample/answer-index.ts';
import { checkResult, repeatedAnswer } from '../../../../src/core/upsample/check-result.ts';
import { lies } from '../../../support/lying-work.ts';
import { okResult } from '../../../support/memory-host.ts';
import { sampleTask } from '../../../support/sample-work.ts';

const hint = { sha256: 'a'.repeat(64), width: 320, height: 180, frames: 2 };
const task = sampleTask('A red car on a wet road', hint);
const engine = { kind: 'describe', model: 'describe-3', instruction: '' } as const;
const text =
  'A red car turns on a wet road, and neon signs shimmer in the puddles while rain runs down its windows.';
const honest = { ...okResult(task, text), frames_used: 2, model: 'describe-3' };

describe('a result that a host returned', () => {
  it('is used when it is as an honest worker makes it', () => {
    expect(checkResult(honest, task, engine)).toBeNull();
    const server = { ...engine, kind: 'openai', model: 'qwen' } as const;
    expect(checkResult({ ...honest, model: '/models/qwen-2.5' }, task, server)).toBeNull();
    const failed = { ...honest, status: 'failed', text: null, model: '', frames_used: 0 } as const;
    expect(checkResult(failed, task, engine)).toBeNull();
  });

  it.each(lies)('is refused with $name: $code', ({ code, tell }) =>
    expect(checkResult(tell(honest, task), task, engine)?.code).toBe(code),
  );

  it('is refused when it is that of another task, of the embedded engine, or not of the shape that was asked for', () => {
    const other = { ...honest, task_key: 'b'.repeat(64) };
    expect(checkResult(other, task, engine)?.code).toBe('result-implausible');
    const server = { ...engine, kind: 'openai', model: 'qwen' } as const;
    expect(checkResult(honest, task, server)?.code).toBe('result-implausible');
    const json = { ...server, prompt_format: 'cosmos3-json' } as const;
    expect(checkResult({ ...honest, model: 'qwen' }, task, json)?.code).toBe('output-invalid-json');
  });

  it('may have any length that its prompt and its tokens allow', () => {
    const words = 'lorem ipsum dolor sit amet '.repeat(1_000);
    const long = { ...task, prompt: words, max_output_tokens: 1 };
    const written = { ...honest, text: `${words}. ${text} ${text} ${'new words '.repeat(30)}` };
    expect(checkResult(written, long, engine)).toBeNull();
  });
});

describe('an answer that another task has', () => {
  const [one, other] = [sampleTask('A red car'), sampleTask('A blue boat')];
  const answer = { text: 'Something that was made up.' };

  it('is refused for another input, also one of which only the mark is known', () => {
    const answers = new AnswerIndex();
    expect(repeatedAnswer(answer, one, answers)).toBeNull();
    expect(repeatedAnswer({ text: 'something THAT was made up' }, other, answers)?.code).toBe(
      'output-repeated',
    );
    const resumed = new AnswerIndex();
    resumed.learnMark(one.task_key, answerMark(one, answer.text));
    expect(repeatedAnswer(answer, other, resumed)?.message).toContain(one.task_key);
  });

  it('is used for the same task, and for the same input under another key', () => {
    const answers = new AnswerIndex();
    const variant = { ...one, task_key: 'c'.repeat(64), prompt: ' a RED car.' };
    for (const task of [one, one, variant]) expect(repeatedAnswer(answer, task, answers)).toBeNull();
    const resumed = new AnswerIndex();
    resumed.learnMark(one.task_key, answerMark(one, answer.text));
    expect(repeatedAnswer(answer, variant, resumed)).toBeNull();
  });
});
