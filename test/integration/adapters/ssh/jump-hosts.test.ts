import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missing } from '../../../support/lab/needs.ts';
import { closeLinksAfterEach, linkTo } from '../../../support/lab/ssh-links.ts';
import { type LabSshd, makeKey, startSshd } from '../../../support/lab/sshd.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const skipReason = missing('sshd', 'ssh', 'ssh-keygen');
const settings = { address: 'inner', port: 22, user: '', identity_file: '' };

describe.skipIf(skipReason !== null)(`ProxyJump${skipReason ? ` (${skipReason})` : ''}`, () => {
  let outer: LabSshd;
  let inner: LabSshd;
  let folder: string;
  let sshConfigFile: string;
  beforeAll(async () => {
    folder = await temporaryFolder();
    [outer, inner] = await Promise.all([startSshd(), startSshd()]);
    sshConfigFile = join(folder, 'config');
    await writeFile(
      sshConfigFile,
      `Host inner
  HostName 127.0.0.1
  Port ${inner.port}
  User ${inner.settings.user}
  IdentityFile ${inner.identityFile}
  ProxyJump ${outer.settings.user}@outer:${outer.port}
Host outer
  HostName 127.0.0.1
  IdentityFile ${outer.identityFile}
Host twice
  HostName 127.0.0.1
  Port ${inner.port}
  User ${inner.settings.user}
  IdentityFile ${inner.identityFile}
  ProxyJump ${outer.settings.user}@outer:${outer.port},inner
`,
    );
  });
  afterAll(async () => {
    await Promise.all([outer?.stop(), inner?.stop()]);
  });
  closeLinksAfterEach();

  async function knowing(...lines: readonly string[]): Promise<string> {
    const file = join(folder, 'known_hosts');
    await writeFile(file, `${lines.join('\n')}\n`);
    return file;
  }

  async function foreign(port: number): Promise<string> {
    const key = await makeKey(join(folder, 'foreign'), 'ed25519');
    return `[127.0.0.1]:${port} ${key}`;
  }

  it.each(['inner', 'twice'])('reaches %s through others, and moves files there', async (address) => {
    const known_hosts_file = await knowing(outer.hostKeyLine, inner.hostKeyLine);
    const link = await linkTo({ ...settings, address, known_hosts_file }, { sshConfigFile });
    const path = join(folder, `through-${address}`);
    await link.use(async (connection) => {
      const sftp = await connection.sftp();
      await new Promise<void>((resolve, reject) =>
        sftp.writeFile(path, 'hello', (error) => (error ? reject(error) : resolve())),
      );
    });
    expect(await readFile(path, 'utf8')).toBe('hello');
    await link.close();
    await expect.poll(() => outer.connectionCount()).toBe(0);
  });

  it('refuses a wrong key of the second machine, and of the first', async () => {
    const wrongInner = await knowing(outer.hostKeyLine, await foreign(inner.port));
    const beforeInner = (await inner.log()).length;
    const link = await linkTo({ ...settings, known_hosts_file: wrongInner }, { sshConfigFile });
    await expect(link.use(async () => 1)).rejects.toMatchObject({
      code: 'host-key-changed',
      message: expect.stringContaining(`:${inner.port}`),
    });
    expect((await inner.log()).slice(beforeInner)).not.toMatch(/publickey|Accepted/);

    const wrongOuter = await knowing(await foreign(outer.port), inner.hostKeyLine);
    const before = (await inner.log()).length;
    const other = await linkTo({ ...settings, known_hosts_file: wrongOuter }, { sshConfigFile });
    await expect(other.use(async () => 1)).rejects.toMatchObject({
      code: 'host-key-changed',
      message: expect.stringContaining(`:${outer.port}`),
    });
    expect((await inner.log()).slice(before)).not.toMatch(/Connection from/);
  });

  it('says that the machine between does not forward', async () => {
    const closed = await startSshd({ config: ['AllowTcpForwarding no'] });
    try {
      const config = join(folder, 'closed-config');
      const text = await readFile(sshConfigFile, 'utf8');
      await writeFile(
        config,
        text.replace(`:${outer.port}`, `:${closed.port}`).replace(outer.identityFile, closed.identityFile),
      );
      const known_hosts_file = await knowing(closed.hostKeyLine, inner.hostKeyLine);
      const link = await linkTo({ ...settings, known_hosts_file }, { sshConfigFile: config });
      await expect(link.use(async () => 1)).rejects.toMatchObject({
        code: 'host-refused',
        nextStep: expect.stringContaining('AllowTcpForwarding'),
      });
    } finally {
      await closed.stop();
    }
  });
});
