import { expect, it } from 'vitest';
import { RepeatedFailures } from '../../../../src/core/run/repeated-failures.ts';

const refused = (message: string) => ({ code: 'request-rejected', message });

it('stops at the limit, and a success begins the count again', () => {
  const failures = new RepeatedFailures(3);
  const note = (message: string | null) => failures.note(message === null ? null : refused(message));
  expect([note('no such template'), note('no such template'), note(null)]).toEqual([null, null, null]);
  expect([note('no such template'), note('no such template')]).toEqual([null, null]);
  expect(note('no such template')).toBe(
    '3 prompts failed with the same error and none succeeded in between, so no more are sent (retry.max_equal_failures): no such template',
  );
});

it.each([
  { rule: 'numbers', messages: ['5012 of 4096 tokens', '6200 of 4096 tokens'], isStopped: true },
  { rule: 'ids', messages: [`as task ${'0a'.repeat(32)}`, `as task ${'bc'.repeat(32)}`], isStopped: true },
  { rule: 'words', messages: ['the prompt is too dark', 'the prompt is too long'], isStopped: false },
])('messages that differ in $rule', ({ messages, isStopped }) => {
  const failures = new RepeatedFailures(2);
  const ends = messages.map((message) => failures.note(refused(message)));
  expect(ends.map((end) => end !== null)).toEqual([false, isStopped]);
});

it('counts each cause by itself, and 0 is no limit', () => {
  const [two, unlimited] = [new RepeatedFailures(2), new RepeatedFailures(0)];
  const messages = ['too dark', 'too long', 'too dark'];
  expect(messages.map((message) => two.note(refused(message)) !== null)).toEqual([false, false, true]);
  expect(Array.from({ length: 99 }, () => unlimited.note(refused('too dark')))).not.toContain('too dark');
});
