import { describe, expect, it } from 'vitest';
import { ProgramOutput, secretsIn } from '../../../../src/worker/program/program-output.ts';
import { RotatingLog } from '../../../../src/worker/program/rotating-log.ts';

/** A log that keeps its lines in memory. */
class Lines extends RotatingLog {
  readonly lines: string[] = [];

  constructor() {
    super('/nowhere', 0);
  }

  override add(line: string): void {
    this.lines.push(line);
  }
}

function read(chunks: readonly (string | Buffer)[], secrets: readonly string[] = []) {
  const log = new Lines();
  const output = new ProgramOutput(log, secrets);
  const reader = output.reader();
  for (const chunk of chunks) reader(Buffer.from(chunk));
  reader(null);
  return { lines: log.lines, output };
}

describe('ProgramOutput', () => {
  it.each([
    { rule: 'lines across chunks', chunks: ['one\ntw', 'o\r\nthr', 'ee'], lines: ['one', 'two', 'three'] },
    {
      rule: 'characters across chunks',
      chunks: [Buffer.from('ä').subarray(0, 1), Buffer.from('ä').subarray(1)],
      lines: ['ä'],
    },
    { rule: 'progress bars', chunks: ['10 %\r20 %\r\n\n'], lines: ['10 %', '20 %'] },
    { rule: 'colours', chunks: ['\u001b[31mred\u001b[0m\n'], lines: ['red'] },
  ])('$rule', ({ chunks, lines }) => {
    expect(read(chunks).lines).toEqual(lines);
  });

  it('cuts a line without an end, so that it cannot fill the memory', () => {
    const { lines } = read(Array.from({ length: 50 }, () => 'x'.repeat(1_000)));
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.join('')).toHaveLength(50_000);
  });

  it('hides a secret that a very long line is cut in', () => {
    const secret = 'sk-0123456789abcdef';
    for (const before of [16_380, 12_280, 16_370, 8_190]) {
      const long = `${'x'.repeat(before)}${secret}${'y'.repeat(9_000)}`;
      const chunks = [long.slice(0, before + 7), long.slice(before + 7), '\n'];
      const { lines } = read(chunks, [secret]);
      expect(lines.join('')).toBe(`${'x'.repeat(before)}[key]${'y'.repeat(9_000)}`);
    }
  });

  it('hides secrets, also those in pieces', () => {
    const { lines, output } = read(['key=sk-12', '345678 end\n'], ['sk-12345678']);
    expect(lines).toEqual(['key=[key] end']);
    expect(output.tail()).toBe('key=[key] end');
  });

  it('quotes the last lines, at bearable length', () => {
    const { output } = read(Array.from({ length: 20 }, (_, at) => `${at} ${'x'.repeat(500)}\n`));
    expect(output.tail().length).toBeLessThan(2_100);
    expect(output.tail()).toContain('19 x');
    expect(output.hasWritten(/^19 /)).toBe(true);
  });
});

describe('secretsIn', () => {
  it('goes by the names, the longest first, and leaves short values alone', () => {
    const environment = {
      VLLM_API_KEY: 'sk-123456',
      HF_TOKEN: 'hf-1234567890',
      MY_KEY: 'no',
      PATH: '/usr/local/bin',
    };
    expect(secretsIn(environment)).toEqual(['hf-1234567890', 'sk-123456']);
  });
});
