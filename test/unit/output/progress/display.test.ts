import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { barDisplay } from '../../../../src/output/progress/display.ts';
import { UpsampleProgress } from '../../../../src/output/progress/upsample-progress.ts';
import type { UpsampleObserver } from '../../../../src/ports/run-observer.ts';
import { workerStatus } from '../../../support/sample-worker-status.ts';

const notice =
  'The linear estimate was 66900 prompt tokens, the server counted 18216 (+267.3 %). An exact --estimator for the ' +
  'model, or another max_tokens, uses its context better.';

describe('UpsampleProgress as bars', () => {
  it.each([60, 100])('shows all of a long notice on %i columns, told just before the end', (columns) => {
    const { shown, progress } = begin(columns);
    progress.onNotice(notice);
    progress.onEnd();
    const lines = shown().split('\n');
    for (const line of lines) expect(line.split('\r').at(-1)?.length).toBeLessThanOrEqual(columns);
    expect(words(shown())).toContain(words(notice));
  });

  it('shows a notice also before there is a bar', () => {
    const { stream, shown } = terminal(60);
    const progress = new UpsampleProgress(barDisplay(stream));
    progress.onNotice('A notice.');
    expect(shown()).toBe(' A notice.\n');
    progress.onEnd();
  });

  it.each([
    { rule: 'names the engine', message: null, row: 'openai, org/model', stand: '0 done, 3 to go' },
    {
      rule: 'says what it waits for instead',
      message: 'No connection.',
      row: 'waiting for 0 s: No connection.',
      stand: '0 done, 3 to go',
    },
  ])('$rule', ({ message, row, stand }) => {
    const { shown, progress } = begin(100);
    progress.onWorkerStatus(workerStatus({ message }));
    progress.onEnd();
    const lines = shown().trimEnd().split('\n');
    expect(lines.at(-2)?.trimEnd()).toMatch(new RegExp(`^ Prompts [░]+ ${stand}$`));
    expect(lines.at(-1)).toBe(` Engine  ${row}`);
  });
});

it.each([
  {
    rule: 'how far a loading model is, beside the prompts',
    tell: (progress: UpsampleObserver) =>
      progress.onWorkerStatus(
        workerStatus({ status: 'loading', message: 'loading org/model: 37 s of about 95 s' }),
      ),
    expected: [
      /Prompts .*0 done, 3 to go · loading org\/model: 37 s of about 95 s/,
      /Engine {2}openai, org\/model/,
    ],
  },
  {
    rule: 'since when a host is away, in the place of its engine',
    tell: (progress: UpsampleObserver) => {
      const event = { version: 1, seq: 0, time: '2026-03-01T10:15:00.000Z', host: 'gpu1' } as const;
      progress.onEvent({ ...event, type: 'host-unreachable', message: 'no route' });
    },
    expected: [/Prompts .*0 done, 3 to go *$/m, /Engine {2}gpu1 unreachable since \d\d:\d\d:\d\d/],
  },
])('shows $rule', ({ tell, expected }) => {
  const { shown, progress } = begin(120);
  tell(progress);
  progress.onEnd();
  for (const pattern of expected) expect(shown()).toMatch(pattern);
});

function begin(columns: number) {
  const { stream, shown } = terminal(columns);
  const progress = new UpsampleProgress(barDisplay(stream));
  progress.onBegin({ runId: 'r', total: 3, settled: 0, concurrency: 1, engine: 'openai, org/model' });
  return { shown, progress };
}

function terminal(columns: number) {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns });
  let text = '';
  stream.on('data', (chunk) => {
    text += String(chunk);
  });
  return { stream, shown: () => stripVTControlCharacters(text) };
}

function words(text: string): string {
  return text.split(/\s+/).join(' ');
}
