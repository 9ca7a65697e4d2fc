import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cosmos3FactsOf,
  cosmos3JsonSchema,
  parseCosmos3Prompt,
  readCosmos3Answer,
  writeCosmos3Prompt,
} from '../../../../src/core/inference/cosmos3-prompt.ts';
import { sampleCosmos3Answer } from '../../../support/sample-cosmos3.ts';

const answer = sampleCosmos3Answer();
const json = JSON.stringify(answer);
const facts = { resolution: { H: 1080, W: 1920 }, aspect_ratio: '16,9', duration: '8s', fps: 29.97 };

function reasonOf(text: string): string {
  const read = readCosmos3Answer(text);
  return read.isValid ? 'valid' : read.reason;
}

describe('an answer is read', () => {
  it.each([
    { rule: 'as it is', text: json },
    { rule: 'from a fence', text: `\`\`\`json\n${JSON.stringify(answer, null, 2)}\n\`\`\`` },
    { rule: 'with words around it', text: `Sure! Here it is:\n${json}\nI hope {this} helps.` },
    { rule: 'behind braces of a sentence', text: `I fill {the schema}: ${json}` },
    { rule: 'with commas too many', text: json.replaceAll(/([}\]])/g, ',$1') },
    { rule: 'with line breaks in a text', text: json.replace('The crane turns.', 'The\ncrane\tturns.') },
  ])('$rule', ({ text }) => expect(reasonOf(text)).toBe('valid'));

  it('without the facts that it was not asked for', () => {
    const read = readCosmos3Answer(json);
    expect(answer).toHaveProperty('fps');
    expect(read.isValid && JSON.parse(read.text)).not.toHaveProperty('fps');
  });

  it('and keeps brackets and commas within texts', () => {
    const read = readCosmos3Answer(JSON.stringify({ ...answer, context: 'a ,} "b" ,] \\ {' }));
    expect(read.isValid && JSON.parse(read.text).context).toBe('a ,} "b" ,] \\ {');
  });
});

describe('an answer is refused', () => {
  const { context: _context, ...rest } = answer;
  it.each([
    { rule: 'words', text: 'A crane turns.', says: /no JSON object/ },
    { rule: 'half an object', text: json.slice(0, 200), says: /not closed/ },
    { rule: 'no JSON', text: '{subjects: []}', says: /not valid JSON/ },
    { rule: 'a missing key', text: JSON.stringify(rest), says: /^context is missing \(string\)$/ },
    {
      rule: 'another time',
      text: JSON.stringify({ ...answer, actions: [{ time: '0-2 s', description: 'x' }] }),
      says: /^actions\.0\.time must be M:SS-M:SS$/,
    },
    {
      rule: 'no caption',
      text: JSON.stringify({ ...answer, temporal_caption: ' ' }),
      says: /must not be empty/,
    },
    { rule: 'an empty object', text: '{}', says: /, and \d+ more$/ },
  ])('$rule', ({ text, says }) => expect(reasonOf(text)).toMatch(says));

  it('whatever it is, quickly and without an error', () => {
    const piece = fc.constantFrom('{', '}', '"', ',', '[', ']', '\\', ':', '```', json.slice(0, 80), 'x ');
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 40 }), (pieces) => {
        expect(readCosmos3Answer(pieces.join('')).isValid).toBe(false);
      }),
      { seed: 1, numRuns: 300 },
    );
    expect(reasonOf('{'.repeat(100_000))).toMatch(/not closed/);
    expect(reasonOf('{"a" "'.repeat(20_000))).toMatch(/not closed/);
  });
});

describe('a prompt', () => {
  it('has our facts, in ASCII', () => {
    const read = readCosmos3Answer(JSON.stringify({ ...answer, context: 'Café 🎬 港' }));
    const prompt = writeCosmos3Prompt(read.isValid ? read.text : '', facts);
    expect(prompt).toMatch(/^[\x20-\x7e]+$/);
    expect(prompt).toContain('Caf\\u00e9 \\ud83c\\udfac \\u6e2f');
    expect(parseCosmos3Prompt(prompt)).toMatchObject({ ...facts, context: 'Café 🎬 港' });
  });

  it('is told from any other text', () => {
    expect([json, '{}', 'A crane', `x ${json}`].map(parseCosmos3Prompt)).toEqual([null, null, null, null]);
  });
});

describe('what is known of a video', () => {
  const video = { width: 1080, height: 1920, duration_seconds: 7.6, frame_rate: 29.970_03 };
  it.each([
    {
      rule: 'as it was probed',
      video,
      expected: { resolution: { H: 1920, W: 1080 }, aspect_ratio: '9,16', duration: '8s', fps: 29.97 },
    },
    {
      rule: 'never zero seconds',
      video: { ...video, duration_seconds: 0.04 },
      expected: { duration: '1s' },
    },
    { rule: 'its frame rate by the settings', video: { ...video, frame_rate: 0 }, expected: { fps: 24 } },
    {
      rule: 'none: by the settings',
      video: null,
      expected: { resolution: { H: 720, W: 1280 }, aspect_ratio: '16,9', duration: '5s', fps: 24 },
    },
  ])('$rule', ({ video: probed, expected }) =>
    expect(cosmos3FactsOf(probed, 24).facts).toMatchObject(expected),
  );
});

it('the schema is one that strict servers take: all keys required, no other allowed', () => {
  const text = JSON.stringify(cosmos3JsonSchema());
  expect(text).not.toMatch(/\$schema|"pattern"|minLength|minimum|"resolution"/);
  expect(text.split('"type":"object"').length).toBe(text.split('"additionalProperties":false').length);
});
