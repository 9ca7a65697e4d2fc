import { describe, expect, it } from 'vitest';
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

  it.each([
    { rule: 'twenty are all named', many: 18, more: null },
    {
      rule: 'of more, the rest is counted',
      many: 1_230,
      more: '  … and 1,212 more; the report has them all.',
    },
  ])('$rule, and small groups keep their specs', ({ many, more }) => {
    const failures = [
      ...Array.from({ length: many }, (_, index) => failure(`${index}.json`, 'spec-invalid', 'no')),
      failure('x.json', 'hint-failed', 'no'),
      failure('y.json', 'hint-failed', 'no'),
    ];
    const lines = failureLines(failures, plain, 'the report');
    expect(lines.filter((line) => /^ {4}\S+\.json/.test(line))).toHaveLength(20);
    expect(lines).toContain('    y.json  no');
    expect(lines.findLast((line) => line.includes('more;')) ?? null).toBe(more);
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
