import { describe, expect, it } from 'vitest';
import { budgetOf, type TokenRequest, visionRoom } from '../../../../src/core/tokens/budget.ts';
import { estimatorNames } from '../../../../src/core/tokens/estimator.ts';

const request: TokenRequest = {
  estimator: 'linear',
  size: { width: 320, height: 180 },
  frames: 2,
  textTokens: 41,
  outputReserved: 300,
  limit: 4096,
};

describe('the parts of a prompt', () => {
  it('add up to the total, without a margin', () => {
    expect(budgetOf(request)).toEqual({
      vision: 1992,
      text: 41,
      control: 3,
      outputReserved: 300,
      total: 2336,
      limit: 4096,
      safeLimit: 3686,
      fits: true,
      isTextAloneTooLong: false,
    });
  });

  it('agree with a server: two frames of 1280x704 and two tokens of text are 4685 prompt tokens', () => {
    const budget = budgetOf({
      ...request,
      estimator: 'pixtral',
      size: { width: 1280, height: 704 },
      textTokens: 2,
    });
    expect(budget.total - budget.outputReserved).toBe(4685);
  });

  it('have no vision when only text is sent', () => {
    expect(budgetOf({ ...request, size: null })).toMatchObject({ vision: 0, total: 344, fits: true });
  });
});

describe('what fits', () => {
  it.each([
    { rule: 'linear fills 90 % of the limit', estimator: 'linear', textTokens: 3383, fits: true },
    { rule: 'linear fills no more', estimator: 'linear', textTokens: 3384, fits: false },
    { rule: 'exact ones add 10 % to the text', estimator: 'pixtral', textTokens: 3448, fits: true },
    { rule: 'exact ones round the margin up', estimator: 'pixtral', textTokens: 3449, fits: false },
    { rule: 'qwen has the margin of an exact one', estimator: 'qwen2.5-vl', textTokens: 3448, fits: true },
    { rule: 'qwen has no other margin', estimator: 'qwen2.5-vl', textTokens: 3449, fits: false },
  ] as const)('$rule', ({ estimator, textTokens, fits }) => {
    const budget = budgetOf({ ...request, estimator, size: null, textTokens });
    expect(budget).toMatchObject({ fits, isTextAloneTooLong: !fits });
  });

  it('is decided to the token for frames of an exact estimator', () => {
    // 504 vision + 41 text + 5 margin + 3 control + 300 output.
    const exact = { ...request, estimator: 'pixtral' } as const;
    expect(budgetOf({ ...exact, limit: 853 }).fits).toBe(true);
    expect(budgetOf({ ...exact, limit: 852 })).toMatchObject({ fits: false, isTextAloneTooLong: false });
  });

  it.each(estimatorNames)('is told by the safe limit: %s', (estimator) => {
    for (let limit = 2000; limit < 3000; limit++) {
      const budget = budgetOf({ ...request, estimator, limit });
      expect(budget.fits).toBe(budget.total <= budget.safeLimit);
      expect(budget.safeLimit).toBeLessThan(limit);
    }
  });

  it('leaves the room that frames may take', () => {
    const exact = { ...request, estimator: 'pixtral' } as const;
    expect(visionRoom(exact)).toBe(4096 - 41 - 5 - 3 - 300);
    expect(visionRoom(request)).toBe(3686 - 41 - 3 - 300);
    expect(visionRoom({ ...request, limit: 100 })).toBeLessThan(0);
  });
});
