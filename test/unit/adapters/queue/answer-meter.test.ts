import { describe, expect, it } from 'vitest';
import { AnswerMeter } from '../../../../src/adapters/queue/answer-meter.ts';

const ordinary = [
  '%2\r\n+server\r\n+redis\r\n+proto\r\n:3\r\n',
  '*2\r\n$3\r\na\r\n\r\n*-1\r\n',
  '$0\r\n\r\n$-1\r\n_\r\n#t\r\n,-1.5e+3\r\n,inf\r\n(-12345678901234567890\r\n',
  '>2\r\n$7\r\nmessage\r\n~1\r\n:1\r\n-ERR no\r\n!3\r\nbad\r\n=7\r\ntxt:a\r\n\r\n',
  '*0\r\n%0\r\n*2\r\n*0\r\n*1\r\n*0\r\n+OK\r\n',
].join('');

function refusalOf(text: string, bytesAtOnce = text.length): string | null {
  const meter = new AnswerMeter();
  for (let at = 0; at < text.length; at += bytesAtOnce) {
    const refusal = meter.refusal(Buffer.from(text.slice(at, at + bytesAtOnce), 'latin1'));
    if (refusal !== null) return refusal;
  }
  return null;
}

describe('answers of Redis', () => {
  it.each([1, 2, 3, 7, ordinary.length])('are taken as they come, %i bytes at once', (bytesAtOnce) => {
    // Each answer is measured by itself, so that any number of them may follow.
    expect(refusalOf(ordinary.repeat(3_000), bytesAtOnce)).toBeNull();
  });

  it.each([
    ['a length that is no number', '*1x\r\n'],
    ['a text whose length is not said', '$?\r\n'],
    ['an attribute', '|1\r\n+a\r\n+b\r\n+c\r\n'],
    ['a line that ends without its second half', '+a\rb\r\n'],
    ['a line that ends without its first half', '+a\n'],
    ['a truth that is longer', '#true\r\n'],
  ])('are refused where two readers could differ: %s', (_, text) => {
    expect(refusalOf(text)).toBe('what is no answer of Redis');
    expect(refusalOf(text, 1)).toBe('what is no answer of Redis');
  });

  it('are refused in pieces that no network makes so small', () => {
    expect(refusalOf(`$100000\r\n${'x'.repeat(100_000)}\r\n`, 1)).toBe('an answer in too many pieces');
  });
});
