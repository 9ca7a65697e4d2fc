import { describe, expect, it } from 'vitest';
import { formatSpec, parseSpec } from '../../../../src/core/spec/parse-spec.ts';

describe('parseSpec takes', () => {
  it.each([
    { rule: 'a prompt alone', text: '{"prompt":"p"}' },
    { rule: 'a byte order mark', text: '\uFEFF{"prompt":"p"}' },
    { rule: 'blanks around it', text: '\r\n {"prompt":"p"}\n\n' },
    { rule: 'null where a field is empty', text: '{"prompt":"p","control_inputs":null,"id":null}' },
    { rule: 'null as a control video', text: '{"prompt":"p","control_inputs":{"depth":null}}' },
  ])('$rule', ({ text }) => {
    const parsed = parseSpec(text);
    expect(parsed.isValid && parsed.spec.prompt).toBe('p');
  });

  it('keys that objects have by themselves as mere keys', () => {
    const text = '{"__proto__":{"prompt":"hidden"},"constructor":1,"prompt":"p"}';
    const parsed = parseSpec(text);
    if (!parsed.isValid) throw new Error(parsed.reason);
    expect(parsed.spec.prompt).toBe('p');
    expect(JSON.parse(formatSpec(parsed.document))).toEqual(JSON.parse(text));
    expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain('prompt');
  });
});

describe('numbers', () => {
  it.each(['12345678901234567890', '1.0', '1e3', '-0', '0.1000', '1E-7', '3', '-17.25', '1e999'])(
    '%s is kept as written',
    (written) => {
      const parsed = parseSpec(`{"prompt":"p","seed":${written},"metadata":{"seeds":[${written}]}}`);
      if (!parsed.isValid) throw new Error(parsed.reason);
      const text = formatSpec(parsed.document);
      expect(text).toContain(`"seed": ${written}`);
      expect(text.match(/\[\s*(\S+)\s*\]/)?.[1]).toBe(written);
    },
  );

  it.each([
    { key: 'metadata', text: '{"prompt":"p","metadata":1.0}' },
    { key: 'control_inputs', text: '{"prompt":"p","control_inputs":1e3}' },
  ])('are no $key, however they are written', ({ key, text }) => {
    const parsed = parseSpec(text);
    expect(parsed.isValid ? 'valid' : parsed.reason).toContain(`"${key}" must be`);
  });
});

describe('parseSpec refuses', () => {
  it.each([
    { rule: 'an empty file', text: '', line: null, reason: 'the file is empty' },
    { rule: 'blanks', text: ' \n\t', line: null, reason: 'the file is empty' },
    { rule: 'a byte order mark alone', text: '\uFEFF', line: null, reason: 'the file is empty' },
    { rule: 'a list', text: '[]', line: 1, reason: 'not a PromptSpec: the file holds no JSON object' },
    { rule: 'null', text: 'null', line: 1, reason: 'not a PromptSpec: the file holds no JSON object' },
    { rule: 'a number', text: '1.0', line: 1, reason: 'not a PromptSpec: the file holds no JSON object' },
    { rule: 'no prompt', text: '{"hello":[1]}', line: null, reason: 'not a PromptSpec: "prompt" is missing' },
    {
      rule: 'an empty prompt, with its line',
      text: '{\n "name": "n",\n "prompt": "  "\n}',
      line: 3,
      reason: 'not a PromptSpec: "prompt" is empty',
    },
    {
      rule: 'a prompt that is no text',
      text: '{\n\n"prompt": 1}',
      line: 3,
      reason: 'not a PromptSpec: "prompt" must be string, received number',
    },
    {
      rule: 'a prompt inherited from __proto__',
      text: '{"__proto__":{"prompt":"p"}}',
      line: 1,
      reason: 'not a PromptSpec: "prompt" is missing',
    },
    {
      rule: 'a control video that is no path',
      text: '{"prompt":"p",\n"control_inputs":{"depth":1}}',
      line: 2,
      reason: 'not a PromptSpec: "control_inputs" must be string, received number',
    },
    {
      rule: 'a flag that is text',
      text: '{"prompt":"p",\n"is_upsampled":"yes"}',
      line: 2,
      reason: 'not a PromptSpec: "is_upsampled" must be boolean, received string',
    },
    {
      rule: 'a prompt of two million letters',
      text: `{"prompt":"${'x'.repeat(2e6)}"}`,
      line: 1,
      reason: /Too big/,
    },
    {
      rule: 'a file cut off',
      text: '{\n  "id": "x",\n  "name": "trunc',
      line: 3,
      reason: /^not valid JSON: /,
    },
    { rule: 'a comma too many', text: '{\n"prompt": "p",\n}', line: 3, reason: /^not valid JSON: / },
    { rule: 'a bad word', text: '{"prompt": NaN}', line: 1, reason: /^not valid JSON: / },
  ])('$rule', ({ text, line, reason }) => {
    const parsed = parseSpec(text);
    if (parsed.isValid) throw new Error('it was taken');
    if (typeof reason === 'string') expect(parsed.reason).toBe(reason);
    else expect(parsed.reason).toMatch(reason);
    expect(parsed.line).toBe(line);
  });

  it('hostile text in one short line', () => {
    const parsed = parseSpec(`{"prompt": \u001b[31m\u2028${'x'.repeat(1000)}`);
    if (parsed.isValid) throw new Error('it was taken');
    expect(parsed.reason.length).toBeLessThan(200);
    expect(parsed.reason).not.toMatch(/[\p{Cc}\u2028]/u);
  });

  it('nesting that no computer could follow', () => {
    const parsed = parseSpec(`{"prompt":"p","x":${'['.repeat(200_000)}${']'.repeat(200_000)}}`);
    expect(parsed.isValid ? 'valid' : parsed.reason).toMatch(/nested/);
  });
});

describe('formatSpec', () => {
  it('indents by two and ends the last line', () => {
    expect(formatSpec({ prompt: 'p', a: [1] })).toBe('{\n  "prompt": "p",\n  "a": [\n    1\n  ]\n}\n');
  });
});
