import { expect, it } from 'vitest';
import { parseStoreAddress } from '../../../../src/adapters/store/open-store.ts';

it.each([
  ['sftp://nas/farm', { name: 'nas', user: '', port: null, folder: '/farm' }],
  [
    'sftp://me@10.0.0.5:2222/srv/my%20farm',
    { name: '10.0.0.5', user: 'me', port: 2222, folder: '/srv/my farm' },
  ],
  ['sftp://nas/~/farm', { name: 'nas', user: '', port: null, folder: 'farm' }],
])('reads %s', (address, expected) => {
  expect(parseStoreAddress(address)).toEqual(expected);
});

it.each([
  ['http://nas/farm', /neither a folder nor an address/],
  ['sftp:///farm', /neither a folder nor an address/],
  ['sftp://me:secret@nas/farm', /password/],
  ['sftp://nas', /no folder/],
])('refuses %s', (address, reason) => {
  let error: unknown = null;
  try {
    parseStoreAddress(address);
  } catch (failure) {
    error = failure;
  }
  expect(error).toMatchObject({ code: 'config-invalid', message: reason });
  expect(String(error)).not.toContain('secret');
});
