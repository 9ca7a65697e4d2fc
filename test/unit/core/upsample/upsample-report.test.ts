import { describe, expect, it } from 'vitest';
import { TokenDriftMeter } from '../../../../src/core/upsample/token-drift.ts';
import { endStatusOf } from '../../../../src/core/upsample/upsample-state.ts';

describe('endStatusOf', () => {
  const none = { total: 3, upsampled: 0, reused: 0, skipped: 0, failed: 0 };
  it.each([
    { rule: 'all done is complete', counts: { upsampled: 3 }, expected: 'complete' },
    {
      rule: 'reused and skipped ones are done',
      counts: { upsampled: 1, reused: 1, skipped: 1 },
      expected: 'complete',
    },
    { rule: 'nothing to do is complete', counts: { total: 0 }, expected: 'complete' },
    { rule: 'one failure makes it partial', counts: { upsampled: 2, failed: 1 }, expected: 'partial' },
    {
      rule: 'a skipped one beside failures is partial',
      counts: { skipped: 1, failed: 2 },
      expected: 'partial',
    },
    { rule: 'only failures have failed', counts: { failed: 3 }, expected: 'failed' },
    { rule: 'what is not at its end has failed', counts: { upsampled: 1 }, expected: 'failed' },
  ])('$rule', ({ counts, expected }) => expect(endStatusOf({ ...none, ...counts })).toBe(expected));
});

describe('TokenDriftMeter', () => {
  it('has nothing to say before a server counted', () => {
    const meter = new TokenDriftMeter('linear');
    meter.add({ vision: 90, text: 10 }, null);
    meter.add({ vision: 90, text: 10 }, 0);
    expect(meter.drift).toBeNull();
  });

  it.each([
    { rule: 'exact', pairs: [[100, 100]], percent: 0, isNotable: false },
    { rule: 'exactly a tenth is not notable', pairs: [[110, 100]], percent: 10, isNotable: false },
    { rule: 'a little more is', pairs: [[1101, 1000]], percent: 10.1, isNotable: true },
    { rule: 'too low counts as well', pairs: [[80, 100]], percent: -20, isNotable: true },
    {
      rule: 'sums, not averages',
      pairs: [
        [2, 1],
        [1000, 1000],
      ],
      percent: 0.1,
      isNotable: false,
    },
  ])('$rule', ({ pairs, percent, isNotable }) => {
    const meter = new TokenDriftMeter('pixtral');
    for (const [predicted = 0, actual = 0] of pairs) meter.add({ vision: predicted, text: 0 }, actual);
    expect(meter.drift).toMatchObject({ estimator: 'pixtral', prompts: pairs.length });
    expect(meter.drift).toMatchObject({ drift_percent: percent, is_notable: isNotable });
  });

  it.each([
    {
      rule: 'no more than the text has: the frames were not seen',
      vision: 500,
      actual: 105,
      isMissing: true,
    },
    { rule: 'a little for the frames: they were', vision: 500, actual: 164, isMissing: false },
    { rule: 'without frames none can be missed', vision: 0, actual: 100, isMissing: false },
  ])('$rule', ({ vision, actual, isMissing }) => {
    const meter = new TokenDriftMeter('pixtral');
    meter.add({ vision, text: 100 }, actual);
    expect(meter.drift?.is_vision_missing).toBe(isMissing);
  });
});
