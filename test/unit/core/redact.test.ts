import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redactor } from '../../../src/core/redact.ts';

const key = 'sk-proj/4f+"Zq&9<x>=\'k%2';
const redact = redactor([key]);
const html = (text: string) => text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
const base64 = (text: string) => Buffer.from(text).toString('base64');
const base64url = (text: string) => Buffer.from(text).toString('base64url');

describe('a secret', () => {
  it.each([
    { form: 'as it is', text: key },
    { form: 'percent-encoded', text: encodeURIComponent(key) },
    {
      form: 'percent-encoded in small letters',
      text: encodeURIComponent(key)
        .toLowerCase()
        .replace(/sk-proj/, 'sk-proj')
        .replace('zq', 'Zq'),
    },
    { form: 'percent-encoded twice', text: encodeURIComponent(encodeURIComponent(key)) },
    {
      form: 'percent-encoded whole',
      text: Array.from(Buffer.from(key), (byte) => `%${byte.toString(16)}`).join(''),
    },
    { form: 'as JSON', text: JSON.stringify(key).slice(1, -1) },
    { form: 'as JSON within JSON', text: JSON.stringify(JSON.stringify(key)).slice(3, -3) },
    {
      form: 'with escapes of JSON',
      text: JSON.stringify(key).slice(1, -1).replaceAll('/', '\\/').replaceAll('<', '\\u003C'),
    },
    { form: 'as HTML', text: html(key) },
    {
      form: 'as HTML with names',
      text: key
        .replaceAll('&', '&amp;')
        .replaceAll('<', '&lt;')
        .replaceAll('>', '&gt;')
        .replaceAll('"', '&quot;'),
    },
    { form: 'in hexadecimal', text: Buffer.from(key).toString('hex') },
    { form: 'in large hexadecimal', text: Buffer.from(key).toString('hex').toUpperCase() },
  ])('$form is gone', ({ text }) => {
    expect(redact(`before ${text} after`)).toBe('before [key] after');
  });

  it.each(['', 'a', 'ab', 'user:', 'Bearer ', 'Basic me:'])('in base64 behind "%s" is gone', (before) => {
    for (const text of [
      base64(before + key),
      base64url(before + key),
      encodeURIComponent(base64(`${before + key}.`)),
    ]) {
      const clean = redact(`x ${text} y`);
      expect(clean).toContain('[key]');
      // What is left decodes to no more than the edges of it.
      for (const part of clean.replace(/^x | y$/g, '').split('[key]'))
        expect(Buffer.from(part, 'base64').toString('latin1')).not.toContain(key.slice(2, 6));
    }
  });

  it('that a text was cut in is gone', () => {
    expect(redact(`Wrong key ${key.slice(0, 12)}`)).toBe('Wrong key [key]');
    expect(redact('Wrong key sk-')).toBe('Wrong key sk-');
  });

  it('of any letters is gone, and other text stays', () => {
    const secret = fc.string({ unit: 'grapheme-ascii', minLength: 8, maxLength: 40 });
    fc.assert(
      fc.property(secret, secret, (own, other) => {
        fc.pre(!other.includes(own) && !own.includes(other));
        const clean = redactor([own])(
          `[${encodeURIComponent(own)}] [${own}] [${JSON.stringify(own).slice(1, -1)}]`,
        );
        expect(clean).toBe('[[key]] [[key]] [[key]]');
      }),
      { seed: 11 },
    );
    expect(redactor([])('text')).toBe('text');
    expect(redact('A red car in the rain, sk-1')).toBe('A red car in the rain, sk-1');
  });
});
