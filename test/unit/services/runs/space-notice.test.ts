import { expect, it } from 'vitest';
import { spaceNotice } from '../../../../src/services/runs/space-notice.ts';

it('says what is free and needed, and never so that both read the same', () => {
  expect(spaceNotice('the output', 262_144, 306_000)).toBe(
    'The disk of the output has 0 MB free, and about 1 MB are needed.',
  );
  expect(spaceNotice('the output', 306_000, 306_000)).toBeNull();
  expect(spaceNotice('the output', null, 306_000)).toBeNull();
});
