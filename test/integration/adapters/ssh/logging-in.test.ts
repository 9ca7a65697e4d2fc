import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { missing } from '../../../support/lab/needs.ts';
import { closeLinksAfterEach, linkTo } from '../../../support/lab/ssh-links.ts';
import { type LabSshd, makeKey, startSshd } from '../../../support/lab/sshd.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { waitFor } from '../../../support/wait-for.ts';

const run = promisify(execFile);
const skipReason = missing('sshd', 'ssh', 'ssh-keygen', 'ssh-agent', 'ssh-add');
const connects = async (connection: { readonly isAlive: boolean }) => connection.isAlive;

describe.skipIf(skipReason !== null)(`logging in${skipReason ? ` (${skipReason})` : ''}`, () => {
  let sshd: LabSshd;
  let folder: string;
  let agent: { readonly socketPath: string; stop(): void } | null = null;
  beforeAll(async () => {
    folder = await temporaryFolder();
    sshd = await startSshd();
  });
  afterAll(() => sshd?.stop());
  afterEach(() => {
    agent?.stop();
    agent = null;
  });
  closeLinksAfterEach();

  async function allowedKey(name: string, type: 'ed25519' | 'ecdsa' | 'rsa', passphrase = '') {
    const path = join(folder, name);
    await sshd.authorize(await makeKey(path, type, passphrase));
    return path;
  }

  it.each(['ed25519', 'ecdsa', 'rsa'] as const)('logs in with a file of type %s', async (type) => {
    const link = await linkTo({ ...sshd.settings, identity_file: await allowedKey(`file-${type}`, type) });
    expect(await link.use(connects)).toBe(true);
  });

  it.each(['ed25519', 'ecdsa', 'rsa'] as const)(
    'logs in with a key of type %s in the agent',
    async (type) => {
      const path = await allowedKey(`agent-${type}`, type);
      agent = await startAgent([path]);
      await rm(path);
      const link = await linkTo({ ...sshd.settings, identity_file: '' }, env(agent.socketPath));
      expect(await link.use(connects)).toBe(true);
    },
  );

  it('has the agent sign for an encrypted file, and asks nobody', async () => {
    const path = await allowedKey('encrypted-in-agent', 'ed25519');
    agent = await startAgent([path]);
    await run('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'secret', '-f', path]);
    const askPassphrase = vi.fn(async () => null);
    const link = await linkTo(
      { ...sshd.settings, identity_file: path },
      { ...env(agent.socketPath), askPassphrase },
    );
    expect(await link.use(connects)).toBe(true);
    expect(askPassphrase).not.toHaveBeenCalled();
  });

  it('offers the chosen key first, so that a full agent does not use up the tries', async () => {
    const others = Array.from({ length: 8 }, (_, index) => join(folder, `other-${index}`));
    await Promise.all(others.map((path) => makeKey(path, 'ed25519')));
    agent = await startAgent(others);
    const link = await linkTo(sshd.settings, env(agent.socketPath));
    expect(await link.use(connects)).toBe(true);
    const unchosen = await linkTo({ ...sshd.settings, identity_file: '' }, env(agent.socketPath));
    await expect(unchosen.use(connects)).rejects.toMatchObject({
      code: 'host-auth-failed',
      message: expect.stringContaining('too many keys'),
      nextStep: expect.stringContaining('identity_file'),
    });
  });

  it.each([
    { rule: 'its public part beside it', hasPublicFile: true },
    { rule: 'no public part beside it', hasPublicFile: false },
  ])('asks once for the passphrase of an encrypted file with $rule', async ({ hasPublicFile }) => {
    const path = await allowedKey(`encrypted-${hasPublicFile}`, 'ed25519', 'secret');
    if (!hasPublicFile) await rm(`${path}.pub`);
    const answers = ['wrong', 'secret'];
    const askPassphrase = vi.fn(async () => answers.shift() ?? null);
    const link = await linkTo({ ...sshd.settings, identity_file: path }, { askPassphrase });
    await link.use(async (connection) => await connection.sftp());
    expect(askPassphrase.mock.calls).toEqual([[path], [path]]);
  });

  it('waits for a person who types longer than patience lasts', async () => {
    const path = await allowedKey('slowly', 'ed25519', 'secret');
    const askPassphrase = async () => {
      await delay(6_000);
      return 'secret';
    };
    const link = await linkTo(
      { ...sshd.settings, identity_file: path },
      { askPassphrase, retryForMs: 5_000 },
    );
    expect(await link.use(connects)).toBe(true);
  });

  it('does not ask for the passphrase of a key that would not be taken', async () => {
    const path = join(folder, 'not-allowed');
    await makeKey(path, 'ed25519', 'secret');
    const askPassphrase = vi.fn(async () => 'secret');
    const link = await linkTo({ ...sshd.settings, identity_file: path }, { askPassphrase });
    await expect(link.use(connects)).rejects.toMatchObject({ code: 'host-auth-failed' });
    expect(askPassphrase).not.toHaveBeenCalled();
  });

  it('tells what was offered when nothing is taken, once, and nothing secret', async () => {
    const path = await allowedKey('locked', 'ed25519', 'very secret');
    const logged = (await sshd.log()).length;
    const link = await linkTo(
      { ...sshd.settings, identity_file: path },
      { askPassphrase: async () => 'my guess' },
    );
    const error = await link.use(connects).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'host-auth-failed', exitCode: 2, isRetryable: false });
    expect(error).toMatchObject({
      message: expect.stringContaining(path),
      nextStep: expect.stringContaining('ssh-copy-id'),
    });
    expect(JSON.stringify(error) + String(error)).not.toMatch(/very secret|my guess/);
    const tries = (await sshd.log()).slice(logged).match(/Connection from/g) ?? [];
    expect(tries).toHaveLength(1);
  });

  it('rejects everybody who waits when nothing is taken', async () => {
    const path = join(folder, 'nobody');
    await makeKey(path, 'ed25519');
    const link = await linkTo({ ...sshd.settings, identity_file: path });
    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => link.use(connects)));
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'host-auth-failed' } });
    }
  });

  it('says that keys are all it has when the host takes none', async () => {
    const strict = await startSshd({ config: ['PubkeyAuthentication no', 'PasswordAuthentication yes'] });
    try {
      const link = await linkTo(strict.settings);
      await expect(link.use(connects)).rejects.toMatchObject({
        code: 'host-auth-failed',
        nextStep: expect.stringContaining('password'),
      });
    } finally {
      await strict.stop();
    }
  });

  it('names an identity file that is not there', async () => {
    await expect(linkTo({ ...sshd.settings, identity_file: join(folder, 'gone') })).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining('gone'),
    });
  });

  it('goes by an alias of the SSH configuration, which explicit settings overrule', async () => {
    const configFile = join(folder, 'ssh_config');
    const [user, hostname] = [sshd.settings.user, '127.0.0.1'];
    await writeFile(
      configFile,
      `Host gpu-box
  HostName ${hostname}
  Port ${sshd.port}
  User ${user}
  IdentityFile ${sshd.identityFile}
  UserKnownHostsFile ${sshd.knownHostsFile}
Host aliased
  HostName ${hostname}
  Port 1
  User nobody-here
  HostKeyAlias known-as
`,
    );
    const plain = {
      address: 'gpu-box',
      port: 22,
      user: '',
      identity_file: '',
      known_hosts_file: '~/.ssh/known_hosts',
    };
    expect(await (await linkTo(plain, { sshConfigFile: configFile })).use(connects)).toBe(true);

    const aliases = join(folder, 'aliases');
    const key = (await readFile(sshd.knownHostsFile, 'utf8')).split(' ').slice(1).join(' ');
    await writeFile(aliases, `known-as ${key}`);
    const settings = { ...sshd.settings, address: 'aliased', known_hosts_file: aliases };
    expect(await (await linkTo(settings, { sshConfigFile: configFile })).use(connects)).toBe(true);
  });

  it('does not run a ProxyCommand', async () => {
    const configFile = join(folder, 'proxy_config');
    await writeFile(configFile, `Host behind\n  ProxyCommand touch ${join(folder, 'ran')}\n`);
    const settings = { ...sshd.settings, address: 'behind' };
    await expect(linkTo(settings, { sshConfigFile: configFile })).rejects.toMatchObject({
      code: 'config-invalid',
      nextStep: expect.stringContaining('ProxyJump'),
    });
    await expect(readFile(join(folder, 'ran'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

function env(socketPath: string) {
  return { env: { SSH_AUTH_SOCK: socketPath } };
}

async function startAgent(keys: readonly string[]) {
  const folder = await mkdtemp('/tmp/cosmos-agent-');
  const socketPath = join(folder, 'agent');
  const child: ChildProcess = spawn('ssh-agent', ['-D', '-a', socketPath], { stdio: 'ignore' });
  const environment = { ...process.env, SSH_AUTH_SOCK: socketPath };
  await waitFor(async () => {
    await run('ssh-add', ['-q', ...keys], { env: environment });
    return true;
  }, 5_000);
  return {
    socketPath,
    stop: () => {
      child.kill();
      void rm(folder, { recursive: true, force: true });
    },
  };
}
