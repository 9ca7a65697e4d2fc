import { expect, it } from 'vitest';
import { hostNamed, machinesNamed, workersOf } from '../../../../src/core/settings/host-named.ts';
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
  { name: 'root@127.0.0.1', nextStep: '[hosts.gpu2] with address = "root@127.0.0.1"' },
  { name: 'my.box of wonders', nextStep: '[hosts."my.box of wonders"]' },
])('names the hosts there are, and the nearest to $name', ({ name, nextStep }) => {
  const error = thrownBy(() => hostNamed(settings, name));
  expect(error).toMatchObject({ code: 'host-unknown', exitCode: 2 });
  expect(error?.message).toContain('known: local, gpu1, farm');
  expect(error?.nextStep).toContain(nextStep);
});

it('takes a list of hosts and a pool as the machines they are', () => {
  const many = resolveSettings([
    {
      source: 'the test',
      values: {
        hosts: { a: { address: 'a', workers: 2 }, b: { address: 'b' }, twice: { address: 'c' } },
        pools: {
          both: { hosts: ['a', 'b'], copy_after_s: 5 },
          twice: { hosts: ['a'] },
          odd: { hosts: ['aa'] },
        },
      },
    },
  ]);
  expect(machinesNamed(many, 'a')).toMatchObject({ names: ['a'], isPool: false });
  expect(machinesNamed(many, 'a, local')).toMatchObject({
    names: ['a', 'local'],
    isPool: true,
    copyAfterMs: 60_000,
  });
  expect(machinesNamed(many, 'both')).toMatchObject({ names: ['a', 'b'], isPool: true, copyAfterMs: 5_000 });
  expect(workersOf(many, 'both,local')).toBe(4);
  expect(thrownBy(() => machinesNamed(many, 'odd'))?.nextStep).toContain('Did you mean "a"?');
  expect(thrownBy(() => machinesNamed(many, 'twice'))).toMatchObject({ code: 'config-invalid' });
});

function thrownBy(work: () => unknown): AppError | null {
  try {
    work();
    return null;
  } catch (error) {
    return error instanceof AppError ? error : null;
  }
}
