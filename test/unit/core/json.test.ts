import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseJson, parseJsonAs } from '../../../src/core/json.ts';

describe('reading JSON', () => {
  it.each([
    { rule: 'an object', text: '{"a":1}', expected: { a: 1 } },
    { rule: 'null', text: 'null', expected: null },
    { rule: 'bytes', text: new TextEncoder().encode('"\u00e9"'), expected: 'é' },
    { rule: 'nothing', text: '', expected: undefined },
    { rule: 'half a text', text: '{"a":', expected: undefined },
    { rule: 'a byte order mark', text: new Uint8Array([0xef, 0xbb, 0xbf, 0x31]), expected: undefined },
  ])('$rule', ({ text, expected }) => expect(parseJson(text)).toEqual(expected));

  it('gives what fits a schema, and null for anything else', () => {
    const schema = z.object({ count: z.int() });
    expect(parseJsonAs(schema, '{"count":3}')).toEqual({ count: 3 });
    expect(parseJsonAs(schema, '{"count":"3"}')).toBeNull();
    expect(parseJsonAs(schema, '{"count":3')).toBeNull();
  });
});
