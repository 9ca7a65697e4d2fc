import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SshUpkeep } from '../../../../src/adapters/ssh-host/ssh-upkeep.ts';
import { systemClock } from '../../../../src/adapters/system-clock.ts';
import { resolveSettings } from '../../../../src/core/settings/resolve-settings.ts';
import { missing } from '../../../support/lab/needs.ts';
import { closeLinksAfterEach, linkTo } from '../../../support/lab/ssh-links.ts';
import { type LabSshd, makeKey, startSshd } from '../../../support/lab/sshd.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const run = promisify(execFile);
const skipReason = missing('sshd', 'ssh', 'ssh-keygen');

describe.skipIf(skipReason !== null)(`host keys${skipReason ? ` (${skipReason})` : ''}`, () => {
  let sshd: LabSshd;
  let folder: string;
  /** Other keys that nobody here has, by type. */
  const foreign: Record<string, string> = {};
  beforeAll(async () => {
    folder = await temporaryFolder();
    sshd = await startSshd({ hostKeyTypes: ['ed25519', 'ecdsa'] });
    for (const type of ['ed25519', 'ecdsa'] as const) {
      foreign[type] = keyPart(await makeKey(join(folder, type), type));
    }
  });
  afterAll(() => sshd?.stop());
  closeLinksAfterEach();

  const keyOf = async (type: 'ed25519' | 'ecdsa') =>
    keyPart(await readFile(join(sshd.folder, `host_${type}.pub`), 'utf8'));

  async function connectKnowing(text: string) {
    const file = join(folder, 'known_hosts');
    await writeFile(file, text);
    const link = await linkTo({ ...sshd.settings, known_hosts_file: file });
    return await link.use(async (connection) => connection.isAlive);
  }

  it.each<{ rule: string; text: (key: string, port: number) => string }>([
    { rule: '[host]:port', text: (key, port) => `[127.0.0.1]:${port} ${key}` },
    { rule: 'host without a port', text: (key) => `127.0.0.1 ${key}` },
    { rule: 'a list', text: (key, port) => `gpu1,[127.0.0.1]:${port},other ${key}` },
    { rule: 'a wildcard', text: (key, port) => `[127.0.0.*]:${port} ${key}` },
    { rule: 'a comment and broken lines before it', text: (key) => `# me\nbroken\n127.0.0.1 ${key} me@here` },
    {
      rule: 'another key on another line',
      text: (key) => `127.0.0.1 ${foreign['ed25519']}\n127.0.0.1 ${key}`,
    },
    {
      rule: 'an authority beside it',
      text: (key) => `@cert-authority * ${foreign['ed25519']}\n127.0.0.1 ${key}`,
    },
  ])('takes the key of $rule', async ({ text }) => {
    expect(await connectKnowing(text(await keyOf('ed25519'), sshd.port))).toBe(true);
  });

  it('does not say that it is connected to a host whose key is not known', async () => {
    const file = join(folder, 'no-hosts');
    await writeFile(file, '');
    const values = { hosts: { lab: { ...sshd.settings, known_hosts_file: file } } };
    const { hosts, upsampling, inference } = resolveSettings([{ source: 'the test', values }]);
    const settings = hosts['lab'];
    if (!settings) throw new Error('the settings lack their host');
    const noFiles = { dockerfile: '', workerBundle: '' };
    const upkeep = new SshUpkeep({
      ...{ name: 'lab', settings, docker: upsampling.docker, inference, clock: systemClock },
      ...{ random01: () => Math.random(), retryForMs: 20_000, environment: {} },
      ...{ ssh: { sshConfigFile: '/dev/null' }, askPassphrase: async () => null },
      ...{ servesModel: false, servedModel: '', upscalesWithModel: false },
      buildFiles: { upsampler: noFiles, upscaler: noFiles, inference: noFiles },
    });
    const said: unknown[] = [];
    const role = { role: 'upsampler', isForced: false } as const;
    const preparing = upkeep.prepare(role, (step) => said.push(step), new AbortController().signal);
    await expect(preparing).rejects.toMatchObject({ code: 'host-key-unknown' });
    expect(said).toEqual([]);
    await upkeep.close();
  });

  it('takes the key of a file that ssh-keygen hashed', async () => {
    const file = join(folder, 'hashed');
    await writeFile(file, `[127.0.0.1]:${sshd.port} ${await keyOf('ed25519')}\n`);
    await run('ssh-keygen', ['-H', '-f', file]);
    const text = await readFile(file, 'utf8');
    expect(text).toMatch(/^\|1\|/);
    expect(await connectKnowing(text)).toBe(true);
  });

  it('asks for the type of key that is on file', async () => {
    expect(await connectKnowing(`127.0.0.1 ${await keyOf('ecdsa')}`)).toBe(true);
  });

  it.each<{ rule: string; code: string; text: (key: string, port: number) => string; says: RegExp }>([
    {
      rule: 'an empty file',
      code: 'host-key-unknown',
      text: () => '',
      says: /ssh-ed25519 SHA256:[\w+/]{43}/,
    },
    { rule: 'another host', code: 'host-key-unknown', text: (key) => `10.0.0.7 ${key}`, says: /not in/ },
    {
      rule: 'another key',
      code: 'host-key-changed',
      text: (_key, port) => `\n[127.0.0.1]:${port} ${foreign['ed25519']}`,
      says: /line 2/,
    },
    {
      rule: 'a revoked key',
      code: 'host-key-changed',
      text: (key) => `127.0.0.1 ${key}\n@revoked * ${key}`,
      says: /revoked/,
    },
    {
      rule: 'an authority alone',
      code: 'host-key-unknown',
      text: (key) => `@cert-authority * ${key}`,
      says: /not in/,
    },
    {
      rule: 'a negated pattern',
      code: 'host-key-unknown',
      text: (key) => `*,!*127.0.0.1* ${key}`,
      says: /not in/,
    },
  ])('refuses $rule before it says who it is', async ({ code, text, says }) => {
    const logged = (await sshd.log()).length;
    const refused = connectKnowing(text(await keyOf('ed25519'), sshd.port));
    await expect(refused).rejects.toMatchObject({ code, exitCode: 2, message: expect.stringMatching(says) });
    await expect(refused).rejects.toMatchObject({ message: expect.stringContaining('Nothing was sent') });
    expect((await sshd.log()).slice(logged)).not.toMatch(/publickey|Accepted|userauth/i);
  });

  it('takes a file that is not there for an empty one, and names it', async () => {
    const link = await linkTo({ ...sshd.settings, known_hosts_file: join(folder, 'nowhere') });
    await expect(link.use(async () => 1)).rejects.toMatchObject({
      code: 'host-key-unknown',
      message: expect.stringContaining('nowhere'),
      nextStep: expect.stringContaining('ssh-keygen -lf'),
    });
  });

  it('refuses a host that shows another key when it comes back, though it was reached before', async () => {
    const changing = await startSshd();
    try {
      const link = await linkTo(changing.settings);
      await link.use(async () => 1);
      await changing.changeHostKeys();
      await expect(link.use(async (connection) => await connection.sftp())).rejects.toMatchObject({
        code: 'host-key-changed',
      });
    } finally {
      await changing.stop();
    }
  });
});

function keyPart(publicLine: string): string {
  return publicLine.split(' ').slice(0, 2).join(' ');
}
