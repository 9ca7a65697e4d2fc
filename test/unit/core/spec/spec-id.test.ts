import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseSpec } from '../../../../src/core/spec/parse-spec.ts';
import { specIdOf } from '../../../../src/core/spec/spec-id.ts';

const fixtures = join(import.meta.dirname, '../../../fixtures/prompt-specs');

describe('specIdOf', () => {
  it.each([
    'already_done.json',
    'no_video.json',
    'quotes.json',
    'unicode.json',
    'windows_path.json',
    'with_unknown_keys.json',
    '2026-01-10/harbour_dawn_2026-01-10T09-30-00_a.json',
    '2026-01-10/same_name_b.json',
    '2026-01-10/warehouse_robot_a.json',
  ])('gives %s the id it has', (file) => {
    const parsed = parseSpec(readFileSync(join(fixtures, file), 'utf8'));
    if (!parsed.isValid) throw new Error(parsed.reason);
    const { prompt, input_video_path, control_inputs, id } = parsed.spec;
    const identity = { prompt, videoPath: input_video_path ?? '', controlInputs: control_inputs ?? {} };
    expect(specIdOf(identity)).toBe(id);
  });

  // Made with Python 3.11: "ps_" + sha256(f"{prompt}|{video}|{sorted(controls.items())}".encode()).hexdigest()[:12]
  it.each([
    { rule: 'no controls', prompt: 'p', videoPath: 'v', controlInputs: {}, expected: 'ps_0fd8fe7a3011' },
    {
      rule: 'controls are sorted, capitals first',
      prompt: 'p',
      videoPath: 'v',
      controlInputs: { seg: 'b', depth: 'a', Edge: 'c' },
      expected: 'ps_441e48726f41',
    },
    {
      rule: 'null is None',
      prompt: 'p',
      videoPath: '',
      controlInputs: { depth: null },
      expected: 'ps_ee982e7b8493',
    },
    {
      rule: 'quotes and backslashes',
      prompt: "it's",
      videoPath: 'v',
      controlInputs: { vis: 'it\'s "x"\\y' },
      expected: 'ps_30cf471e6fe5',
    },
    {
      rule: 'sorted by code point, not by UTF-16 unit',
      prompt: 'p',
      videoPath: 'v',
      controlInputs: { '\u{1f327}': '2', '\uffff': '1' },
      expected: 'ps_3477479d76eb',
    },
    {
      rule: 'keys that look like numbers are text',
      prompt: 'é\n',
      videoPath: 'v|w',
      controlInputs: { 10: 'x', 9: 'y' },
      expected: 'ps_71b5d450b786',
    },
  ])('$rule', ({ expected, ...identity }) => expect(specIdOf(identity)).toBe(expected));
});
