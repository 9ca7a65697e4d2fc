import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toSentence } from '../../../../../../src/worker/upsample/engines/describe/user-words.ts';

describe("the user's words", () => {
  it.each([
    ['one word', 'kitchen', 'Kitchen.'],
    ['a full stop stays', 'A robot waits.', 'A robot waits.'],
    ['so does a question', 'what is this?', 'What is this?'],
    ['an ellipsis', 'on and on…', 'On and on…'],
    ['a trailing comma goes', 'a red car, ', 'A red car.'],
    ['a trailing dash goes', 'a red car -', 'A red car.'],
    ['lines become one', ' a car\r\n\n in\tthe rain ', 'A car in the rain.'],
    ['control characters become spaces', 'a\u0000car\u001b[31m', 'A car [31m.'],
    ['a stop inside closing quotes counts', '"the robot waits."', '"The robot waits."'],
    ['quotes at the end', 'he says "go"', 'He says "go".'],
    ['names keep their letters', 'iPhone on a desk', 'iPhone on a desk.'],
    ['addresses keep their letters', 'https://example.org/a', 'https://example.org/a.'],
    ['emoji', 'a rocket 🚀', 'A rocket 🚀.'],
    ['emoji alone', '🚀', '🚀.'],
    ['Chinese', '一个机器人在厨房里', '一个机器人在厨房里。'],
    ['Chinese with its own stop', '一个机器人。', '一个机器人。'],
    ['Japanese', '雪の中の「寺」', '雪の中の「寺」。'],
    ['Hindi', 'एक लड़की चल रही है', 'एक लड़की चल रही है।'],
    ['Arabic question', 'ما هذا؟', 'ما هذا؟'],
    ['Russian', 'он идёт', 'Он идёт.'],
    ['Georgian has no sentence case', 'კატა', 'კატა.'],
    ['accents', 'école vide', 'École vide.'],
    ['no word at all', ' \n ', ''],
    ['punctuation only', '...', ''],
    [
      'shell and template signs mean nothing',
      '$(rm -rf /) [a|b] <zone> $& {x}',
      '$(rm -rf /) [a|b] <zone> $& {x}.',
    ],
  ])('%s', (_, prompt, sentence) => expect(toSentence(prompt)).toBe(sentence));

  it('keeps every letter of any text, in order', () => {
    const lettersOf = (text: string) =>
      text
        .toLowerCase()
        .match(/[\p{L}\p{N}]/gu)
        ?.join('') ?? '';
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (prompt) => {
        expect(lettersOf(toSentence(prompt))).toBe(lettersOf(prompt));
      }),
      { numRuns: 2000, seed: 1 },
    );
  });
});
