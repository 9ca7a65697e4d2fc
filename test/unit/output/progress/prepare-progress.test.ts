import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { createStepBar, createStepLines } from '../../../../src/output/progress/prepare-progress.ts';

it('writes a line a step, and again only every ten seconds', () => {
  let nowMs = 0;
  const lines: string[] = [];
  const steps = createStepLines(
    (line) => lines.push(line),
    () => nowMs,
  );
  for (const [message, fraction] of [
    ['Step 1', 0.1],
    ['Step 1', 0.2],
    ['Step 2', null],
  ] as const) {
    steps.onStep({ message, fraction });
    nowMs += 1_000;
  }
  nowMs += 10_000;
  steps.onStep({ message: 'Step 2', fraction: 0.555 });
  expect(lines).toEqual(['Step 1 (10 %)', 'Step 2', 'Step 2 (55 %)']);
});

it('shows a bar where it is known how far it is', () => {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
  let text = '';
  stream.on('data', (chunk) => {
    text += String(chunk);
  });
  const steps = createStepBar(stream);
  steps.onStep({ message: 'Sending the context', fraction: null });
  steps.onStep({ message: 'Step 3/6', fraction: 0.5 });
  steps.onNotice('A notice.');
  steps.onEnd();
  const shown = stripVTControlCharacters(text);
  expect(shown).toContain(`Prepare ${'█'.repeat(10)}${'░'.repeat(10)} Step 3/6`);
  expect(shown).toContain('A notice.');
});
