import { chmod, mkdir, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { assertSocketIsPrivate, socketPathFor } from '../../../../src/adapters/local-host/worker-process.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const folder = await temporaryFolder();
const longPath = join(folder, 'a'.repeat(120), 'worker_0.sock');
const usual = process.env['TMPDIR'];

afterEach(() => {
  if (usual === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = usual;
});

it('lies where it belongs when the path is short enough', () => {
  expect(socketPathFor('/short/worker_0.sock')).toBe('/short/worker_0.sock');
});

it('lies in a folder of this user alone when the path is too long', async () => {
  process.env['TMPDIR'] = folder;
  const path = socketPathFor(longPath);
  expect(path).toContain(`cosmos-${userInfo().uid}`);
  expect(Buffer.byteLength(path)).toBeLessThanOrEqual(100);
  await assertSocketIsPrivate(path);
  await assertSocketIsPrivate(path);
});

it('is refused in a folder that others can look into', async () => {
  const shared = join(folder, 'shared');
  process.env['TMPDIR'] = shared;
  const own = join(tmpdir(), `cosmos-${userInfo().uid}`);
  await mkdir(own, { recursive: true });
  await chmod(own, 0o777);
  await expect(assertSocketIsPrivate(socketPathFor(longPath))).rejects.toMatchObject({
    code: 'worker-failed',
  });
  await rm(own, { recursive: true });
  await assertSocketIsPrivate(socketPathFor(longPath));
});
