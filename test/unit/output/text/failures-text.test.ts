import { describe, expect, it } from 'vitest';
import { columnsOf } from '../../../../src/output/text/columns.ts';
import { failureLines, failureReason, type NamedFailure } from '../../../../src/output/text/failures-text.ts';
import { createStyle } from '../../../../src/output/text/style.ts';

const plain = createStyle(false);

describe('failureLines', () => {
  it('names the code and the next step once, then the specs', () => {
    const failures = [
      failure('a.json', 'spec-invalid', 'a.json:3: a comma is missing.'),
      failure('b.json', 'video-unreadable', 'There is no video "b.mp4".'),
      failure('c.json', 'spec-invalid', 'c.json: the file is empty.'),
    ];
    expect(failureLines(failures, plain, 'the report')).toEqual([
      '✗ video-unreadable: 1 spec',
      '    → Mend video-unreadable.',
      '    b.json  There is no video "b.mp4".',
      '✗ spec-invalid: 2 specs',
      '    → Mend spec-invalid.',
      '    a.json  line 3: a comma is missing.',
      '    c.json  the file is empty.',
    ]);
  });

  it('keeps next steps apart that differ', () => {
    const failures = [
      { ...failure('a.json', 'hint-failed', 'no'), next_step: 'Free some space.' },
      { ...failure('b.json', 'hint-failed', 'no'), next_step: 'Install ffmpeg.' },
    ];
    const text = failureLines(failures, plain, 'the report').join('\n');
    expect(text).toContain('Free some space.\n    a.json');
    expect(text).toContain('Install ffmpeg.\n    b.json');
  });

  it('says an equal cause once, with examples and how many, and small groups keep their room', () => {
    const failures = [
      ...Array.from({ length: 1_230 }, (_, index) =>
        failure(`${index}.json`, 'engine-rejected', '401: no key.'),
      ),
      failure('x.json', 'engine-rejected', 'The answer is empty.'),
      failure('y.json', 'hint-failed', 'no'),
      failure('z.json', 'hint-failed', 'no'),
    ];
    expect(failureLines(failures, plain, 'the report')).toEqual([
      '✗ hint-failed: 2 specs',
      '    → Mend hint-failed.',
      '    y.json  no',
      '    z.json  no',
      '✗ engine-rejected: 1,231 specs',
      '    → Mend engine-rejected.',
      '    401: no key. (1,230 specs)',
      '      0.json, 1.json, 2.json and 1,227 more',
      '    x.json  The answer is empty.',
    ]);
  });

  it('takes reasons that differ in names and numbers only for one cause, and gives examples', () => {
    const failures = Array.from({ length: 30 }, (_, index) =>
      failure(`${index}.json`, 'video-unreadable', `There is no video "v${index}.mp4" of ${index} s.`),
    );
    expect(failureLines(failures, plain, 'the report').slice(2)).toEqual([
      '    0.json  There is no video "v0.mp4" of 0 s.',
      '    1.json  There is no video "v1.mp4" of 1 s.',
      '    2.json  There is no video "v2.mp4" of 2 s.',
      '    … and 27 more that failed alike',
    ]);
  });

  it('keeps to 80 columns on a terminal', () => {
    const message = `There is no video "lost.mp4", ${'neither from the folder of the spec nor from here, '.repeat(4)}`;
    const failures = ['a', 'b', 'c'].map((name) =>
      failure(`scenes/${name}.json`, 'video-unreadable', message),
    );
    const more = [failure('d.json', 'spec-invalid', message)];
    const lines = failureLines([...failures, ...more], createStyle(false, 80), 'the report');
    // A next step may hold a command to copy, and is left to the terminal to wrap.
    for (const line of lines.filter((each) => !each.includes('→')))
      expect(columnsOf(line), line).toBeLessThanOrEqual(80);
  });

  it('says how many also where every failure has a next step of its own', () => {
    const failures = Array.from({ length: 25 }, (_, index) => ({
      ...failure(`${index}.json`, 'hint-failed', 'no'),
      next_step: `Step ${index}.`,
    }));
    const lines = failureLines(failures, plain, 'the report');
    expect(lines.filter((line) => line.startsWith('✗'))).toHaveLength(20);
    expect(lines.at(-1)).toBe('  … and 5 more; the report has them all.');
  });
});

describe('reasonOf', () => {
  it.each([
    { rule: 'its own path goes', message: 'a/b.json: cannot be read.', expected: 'cannot be read.' },
    { rule: 'the line number stays', message: 'a/b.json:12: no comma.', expected: 'line 12: no comma.' },
    { rule: 'another path stays', message: 'a/b.jsonl:12: no.', expected: 'a/b.jsonl:12: no.' },
    { rule: 'control characters are shown', message: 'bad\x1b[2J', expected: 'bad\\u001b[2J' },
  ])('$rule', ({ message, expected }) => expect(failureReason({ spec: 'a/b.json', message })).toBe(expected));
});

function failure(spec: string, code: string, message: string): NamedFailure {
  return { spec, code, message, next_step: `Mend ${code}.` };
}
