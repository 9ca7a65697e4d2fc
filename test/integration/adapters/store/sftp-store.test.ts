import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SftpStore } from '../../../../src/adapters/store/sftp-store.ts';
import { describeStore } from '../../../support/contracts/store-contract.ts';
import { type FaultProxy, startFaultProxy } from '../../../support/lab/fault-proxy.ts';
import { missing } from '../../../support/lab/needs.ts';
import { closeLinksAfterEach, linkTo } from '../../../support/lab/ssh-links.ts';
import { type LabSshd, startSshd } from '../../../support/lab/sshd.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const skipReason = missing('sshd', 'ssh', 'ssh-keygen');

describe.skipIf(skipReason !== null)(`a store over SFTP${skipReason ? ` (${skipReason})` : ''}`, async () => {
  let sshd: LabSshd;
  const root = await temporaryFolder();
  beforeAll(async () => {
    sshd = await startSshd();
  });
  closeLinksAfterEach();
  afterAll(() => sshd?.stop());

  describeStore(async () => {
    const folder = await mkdtemp(join(root, 's-'));
    return {
      create: async () => new SftpStore(await linkTo(sshd.settings), 'lab', folder),
      damage: async (path) => {
        await rm(join(folder, path));
        await writeFile(join(folder, path), 'a sebment');
      },
    };
  });

  it('is never a folder that is made by mistake, and never left', async () => {
    const wrong = new SftpStore(await linkTo(sshd.settings), 'lab', join(root, 'mistyped'));
    await expect(wrong.entries('objects')).rejects.toMatchObject({
      code: 'config-invalid',
      message: /mistyped/,
    });
    const store = new SftpStore(await linkTo(sshd.settings), 'lab', root);
    await expect(store.entries('../elsewhere')).rejects.toThrow(RangeError);
    await expect(store.files.read('../elsewhere')).rejects.toThrow(RangeError);
  });

  it('sends and fetches a large file over a link that is cut again and again', async () => {
    const proxy = await startFaultProxy(sshd.port);
    try {
      const folder = await mkdtemp(join(root, 's-'));
      const link = await linkTo({ ...sshd.settings, port: proxy.port });
      const store = new SftpStore(link, 'lab', folder);
      const source = join(root, 'large');
      const bytes = Buffer.alloc(24 * 1024 * 1024, 'cosmos');
      await writeFile(source, bytes);
      const facts = { sha256: createHash('sha256').update(bytes).digest('hex'), size_bytes: bytes.length };
      const cutting = cutEvery(4 * 1024 * 1024, proxy);
      await store.putFile('objects/large', source, facts).finally(cutting.stop);
      expect(cutting.cuts).toBeGreaterThan(1);
      expect(await store.fetchFile('objects/large', facts, join(root, 'fetched'))).toBe(true);
    } finally {
      await proxy.stop();
    }
  });
});

/** Cuts a connection whenever so many more bytes have gone through it. */
function cutEvery(bytes: number, proxy: FaultProxy) {
  let next = bytes;
  const timer = setInterval(() => {
    if (proxy.bytes.toServer < next) return;
    next = proxy.bytes.toServer + bytes;
    cutting.cuts += 1;
    proxy.cut();
  }, 2);
  const cutting = { cuts: 0, stop: () => clearInterval(timer) };
  return cutting;
}
