import { describe, expect, it } from 'vitest';
import { driftNoticesOf } from '../../../../src/services/upsample/summarise-upsample.ts';

function noticeOf(estimator: string, predicted: number, actual: number, isVisionMissing = false): string {
  const drift_percent = Math.round((predicted / actual - 1) * 1000) / 10;
  const rest = { prompts: 3, is_notable: true, is_vision_missing: isVisionMissing };
  return driftNoticesOf({ estimator, predicted, actual, drift_percent, ...rest }).join();
}

describe('driftNoticesOf', () => {
  it.each([
    { rule: 'linear, too low', estimator: 'linear', predicted: 1_000, actual: 7_400, set: '13 %' },
    {
      rule: 'exact, but too low for this server',
      estimator: 'pixtral',
      predicted: 900,
      actual: 1_000,
      set: '90 %',
    },
    { rule: 'Qwen, too low', estimator: 'qwen2.5-vl', predicted: 1, actual: 3, set: '33 %' },
  ])('$rule: names the danger and what to set', ({ estimator, predicted, actual, set }) => {
    const notice = noticeOf(estimator, predicted, actual);
    expect(notice).toMatch(/too low .* may exceed the context/);
    expect(notice).toContain(`Lower upsampling.max_tokens to ${set}`);
    expect(notice).not.toContain('larger hints');
  });

  it('offers an exact estimator where the rule of thumb is high', () => {
    expect(noticeOf('linear', 66_900, 18_216)).toMatch(
      /safe side \(linear: 66,900 .* 18,216 .*--estimator pixtral/,
    );
  });

  it.each([
    { estimator: 'pixtral', predicted: 3_757, actual: 2_169 },
    { estimator: 'qwen2.5-vl', predicted: 1_020, actual: 1_500 },
  ])('offers $estimator as llama.cpp counts, where it counts otherwise', ({ estimator, ...counts }) => {
    const notice = noticeOf(estimator, counts.predicted, counts.actual);
    expect(notice).toContain(`if it is llama.cpp, --estimator ${estimator}@llama.cpp counts as it does`);
  });

  it('offers no estimator to one that counts as its server does', () => {
    const notice = noticeOf('pixtral@llama.cpp', 3_757, 2_169);
    expect(notice).toMatch(/^The token estimate is on the safe side \(pixtral@llama.cpp: /);
    expect(notice).not.toContain('--estimator');
  });

  it('says when no estimator fits', () => {
    expect(noticeOf('qwen2.5-vl', 54_460, 1_000)).toMatch(/^No estimator fits this server/);
  });

  it('says before anything else that the frames were not seen', () => {
    expect(noticeOf('linear', 9_000, 100, true)).toContain('did not see the frames');
  });
});
