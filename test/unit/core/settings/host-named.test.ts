import { expect, it } from 'vitest';
import { hostNamed } from '../../../../src/core/settings/host-named.ts';
import { resolveSettings } from '../../../../src/core/settings/resolve-settings.ts';
import { AppError } from '../../../../src/errors/app-error.ts';

const settings = resolveSettings([
  { source: 'the test', values: { hosts: { gpu1: { address: '203.0.113.7' }, farm: {} } } },
]);

it('finds a host, and this machine also without settings', () => {
  expect(hostNamed(settings, 'gpu1').address).toBe('203.0.113.7');
  expect(hostNamed(settings, 'local')).toMatchObject({ address: '', remote_root: '~/.cosmos' });
});

it.each([
  { name: 'gpu', nextStep: 'Did you mean "gpu1"?' },
  { name: 'toString', nextStep: '[hosts.toString]' },
  { name: 'my.box of wonders', nextStep: '[hosts."my.box of wonders"]' },
])('names the hosts there are, and the nearest to $name', ({ name, nextStep }) => {
  const error = thrownBy(() => hostNamed(settings, name));
  expect(error).toMatchObject({ code: 'host-unknown', exitCode: 2 });
  expect(error?.message).toContain('known: local, gpu1, farm');
  expect(error?.nextStep).toContain(nextStep);
});

function thrownBy(work: () => unknown): AppError | null {
  try {
    work();
    return null;
  } catch (error) {
    return error instanceof AppError ? error : null;
  }
}
