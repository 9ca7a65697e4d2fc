import { describe, expect, it } from 'vitest';
import { parseRegion } from '../../../../src/core/regions/region-text.ts';

const px = (value: number) => ({ value, unit: 'px' });
const box = { x: px(1), y: px(2), width: px(30), height: px(40) };

describe('a region as a person writes it', () => {
  it.each([
    { text: '1,2,30,40', expected: { ...box, from: null, to: null } },
    { text: ' 1px, 2 ,30 , 40px ', expected: { ...box, from: null, to: null } },
    { text: '1,2,30,40@5-12.5', expected: { ...box, from: { seconds: 5 }, to: { seconds: 12.5 } } },
    { text: '1,2,30,40@1:02-0:01:02.5', expected: { ...box, from: { seconds: 62 }, to: { seconds: 62.5 } } },
    { text: '1,2,30,40@120f-240f', expected: { ...box, from: { frame: 120 }, to: { frame: 240 } } },
    { text: '1,2,30,40@120f-', expected: { ...box, from: { frame: 120 }, to: null } },
    { text: '1,2,30,40@-3s', expected: { ...box, from: null, to: { seconds: 3 } } },
    { text: '1,2,30,40@7f-7f', expected: { ...box, from: { frame: 7 }, to: { frame: 7 } } },
  ])('$text', ({ text, expected }) => expect(parseRegion(text)).toEqual(expected));

  it('takes percent of the picture', () => {
    expect(parseRegion('10%,80.5%,50%,15%')).toMatchObject({
      x: { value: 10, unit: '%' },
      y: { value: 80.5, unit: '%' },
    });
  });

  it.each([
    { text: '', reason: /instead of 4/ },
    { text: '1,2,3', reason: /3 numbers/ },
    { text: '1,2,30,abc', reason: /"abc"/ },
    { text: '-1,2,30,40', reason: /"-1"/ },
    { text: '1,2,30,120%', reason: /"120%"/ },
    { text: '1,2,0,40', reason: /covers nothing/ },
    { text: '1,2,30,40@', reason: /not FROM-TO/ },
    { text: '1,2,30,40@-', reason: /both times/ },
    { text: '1,2,30,40@5', reason: /not FROM-TO/ },
    { text: '1,2,30,40@x-5', reason: /"x" is not a time/ },
    { text: '1,2,30,40@0f-5f', reason: /"0f" is not a time/ },
    { text: '1,2,30,40@5-5', reason: /ends before/ },
    { text: '1,2,30,40@9f-8f', reason: /ends before/ },
    { text: '1,2,30,40@1-2@3-4', reason: /more than one/ },
  ])('says what is wrong with "$text"', ({ text, reason }) => expect(parseRegion(text)).toMatch(reason));
});
