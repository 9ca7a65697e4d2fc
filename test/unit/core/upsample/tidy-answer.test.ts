import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tidyAnswer as tidy } from '../../../../src/core/upsample/tidy-answer.ts';

const tidyAnswer = (answer: string) => tidy(answer).text;

const text = 'A red car turns left while rain falls on the street.';

describe('tidyAnswer removes what only wraps the text', () => {
  it.each([
    { rule: 'white space', answer: `\n  ${text}\n` },
    { rule: 'straight quotes', answer: `"${text}"` },
    { rule: 'curly quotes', answer: `“${text}”` },
    { rule: 'guillemets', answer: `«${text}»` },
    { rule: 'a code fence', answer: `\`\`\`text\n${text}\n\`\`\`` },
    { rule: 'an announcement', answer: `Here is the enhanced prompt:\n\n${text}` },
    { rule: 'a friendly one', answer: `Sure! Here's an enriched video prompt for your scene: ${text}` },
    { rule: 'a heading', answer: `**Enhanced Prompt:** ${text}` },
    { rule: 'a Markdown heading', answer: `### Improved description:\n${text}` },
    { rule: 'reasoning', answer: `<think>The user wants a car.\nOk.</think>\n\n${text}` },
    { rule: 'reasoning whose opening tag was swallowed', answer: `The user wants a car.</think>${text}` },
    {
      rule: 'several layers',
      answer: `<think>x</think>Certainly, here is the detailed prompt:\n\`\`\`\n"${text}"\n\`\`\``,
    },
  ])('$rule', ({ answer }) => expect(tidyAnswer(answer)).toBe(text));
});

describe('tidyAnswer leaves what belongs to the text', () => {
  it.each([
    { rule: 'quotes at the start only', answer: '"Stop" is painted on the road.' },
    { rule: 'two quoted parts', answer: '"Stop" says the sign, and below it "Go"' },
    { rule: 'a colon in a sentence', answer: 'Here is a street: wet, narrow and lit by one lamp.' },
    { rule: 'a prompt about prompts', answer: 'The terminal prompt: a green cursor blinks.' },
    { rule: 'an apostrophe', answer: "'Tis dusk, and the dogs' shadows grow" },
    { rule: 'a fence within', answer: 'Before\n```\ncode\n```\nafter' },
    { rule: 'an announcement of nothing', answer: 'Here is the enhanced prompt:' },
  ])('$rule', ({ answer }) => expect(tidyAnswer(answer)).toBe(answer));
});

it('an answer that never came out of its reasoning is empty', () => {
  expect(tidyAnswer('<think>I wonder what the user')).toBe('');
});

it('is quick and calm with any text, and done after one time', () => {
  const piece = fc.constantFrom(
    '"',
    '“',
    '”',
    '```',
    '\n',
    '<think>',
    '</think>',
    'Here is the enhanced prompt:',
    'word ',
    ' ',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 12 }), (pieces) => {
      const tidied = tidyAnswer(pieces.join(''));
      expect(tidied).toBe(tidied.trim());
      expect(tidied.length).toBeLessThanOrEqual(pieces.join('').length);
    }),
    { seed: 1, numRuns: 500 },
  );
});
