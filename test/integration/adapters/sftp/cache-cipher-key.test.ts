import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { SFTPWrapper } from 'ssh2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cacheCipherKey } from '../../../../src/adapters/sftp/cache-cipher-key.ts';
import { SftpSession } from '../../../../src/adapters/sftp/sftp-session.ts';
import { missing } from '../../../support/lab/needs.ts';
import { closeLinksAfterEach, linkTo } from '../../../support/lab/ssh-links.ts';
import { type LabSshd, startSshd } from '../../../support/lab/sshd.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

describe.skipIf(missing('sshd') !== null)('the key of an outgoing stream', () => {
  let sshd: LabSshd;
  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterAll(() => sshd.stop());
  closeLinksAfterEach();

  it('is replaced once where ssh2 holds bare bytes, and encrypts the same', async () => {
    const folder = await temporaryFolder();
    const link = await linkTo(sshd.settings);
    await link.use(async (connection) => {
      const sftp = await connection.sftp();
      const before = cipherOf(sftp)['_encKey'];
      // Fails when a new ssh2 keeps its key elsewhere: the function is of no use then, and may go.
      expect(before === undefined || before instanceof Uint8Array).toBe(true);
      expect(cacheCipherKey(sftp)).toBe(before !== undefined);
      expect(cacheCipherKey(sftp)).toBe(false);
      const session = new SftpSession(sftp, 'lab', () => undefined);
      const [path, content] = [join(folder, 'sent'), randomBytes(1_000_000)];
      const handle = await session.openForWriting(path, 'w');
      await session.write(handle, path, content, 0);
      await session.close(handle);
      expect((await session.readFile(path, content.length))?.equals(content)).toBe(true);
    });
  });
});

it.each([
  { what: 'there is no cipher', fields: {} },
  { what: 'the cipher is native', fields: { _protocol: { _cipher: { _instance: {} } } } },
  { what: 'the key is no bytes', fields: { _protocol: { _cipher: { _encKey: 'secret' } } } },
])('nothing is written where $what', ({ fields }) => {
  const before = structuredClone(fields);
  expect(cacheCipherKey(fields as unknown as SFTPWrapper)).toBe(false);
  expect(fields).toEqual(before);
});

function cipherOf(sftp: SFTPWrapper): Record<string, unknown> {
  const { _protocol: protocol } = sftp as unknown as { _protocol: { _cipher: Record<string, unknown> } };
  return protocol._cipher;
}
