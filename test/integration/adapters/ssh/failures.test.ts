import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LiveConnection } from '../../../../src/adapters/ssh/connection.ts';
import { type FaultProxy, startFaultProxy } from '../../../support/lab/fault-proxy.ts';
import { freePort } from '../../../support/lab/free-port.ts';
import { missing } from '../../../support/lab/needs.ts';
import { closeLinksAfterEach, type LinkOptions, linkTo } from '../../../support/lab/ssh-links.ts';
import { type LabSshd, startSshd } from '../../../support/lab/sshd.ts';
import { waitFor } from '../../../support/wait-for.ts';

const skipReason = missing('sshd', 'ssh', 'ssh-keygen');

/** A round trip to the host. */
async function ask(connection: LiveConnection): Promise<string> {
  const sftp = await connection.sftp();
  return await new Promise((resolve, reject) =>
    sftp.realpath('/', (error, path) => (error ? reject(error) : resolve(path))),
  );
}

describe.skipIf(skipReason !== null)(`a link in trouble${skipReason ? ` (${skipReason})` : ''}`, () => {
  let sshd: LabSshd;
  let proxy: FaultProxy;
  beforeAll(async () => {
    sshd = await startSshd();
  });
  beforeEach(async () => {
    proxy = await startFaultProxy(sshd.port);
  });
  closeLinksAfterEach();
  afterEach(() => proxy.stop());
  afterAll(() => sshd?.stop());

  const linkThroughProxy = (options: LinkOptions = {}) =>
    linkTo({ ...sshd.settings, port: proxy.port }, options);

  it('shares two connections among fifty', async () => {
    const link = await linkThroughProxy();
    const answers = await Promise.all(Array.from({ length: 50 }, () => link.use(ask)));
    expect(new Set(answers)).toEqual(new Set(['/']));
    expect(proxy.connectionCount).toBe(2);
  });

  it('does work again when its connection is cut', async () => {
    const link = await linkThroughProxy();
    const tries: number[] = [];
    const answer = await link.use(async (connection, attempt) => {
      tries.push(attempt.number);
      if (attempt.number < 3) proxy.cut();
      return await ask(connection);
    });
    expect(answer).toBe('/');
    expect(tries).toEqual([1, 2, 3]);
  });

  it('does not count the time before the first failure', async () => {
    const link = await linkThroughProxy({ retryForMs: 700 });
    const tries = await link.use(async (_connection, attempt) => {
      if (attempt.number > 1) return attempt.number;
      await delay(1_000);
      proxy.cut();
      return await new Promise<never>(() => {});
    });
    expect(tries).toBe(2);
  });

  it('tells work that its connection is gone', async () => {
    const link = await linkThroughProxy();
    const reasons: unknown[] = [];
    await link.use(async (_connection, attempt) => {
      if (attempt.number > 1) return;
      attempt.signal.addEventListener('abort', () => reasons.push(attempt.signal.reason));
      proxy.cut();
      await new Promise(() => {});
    });
    expect(reasons).toEqual([expect.any(Error)]);
  });

  it('ends everybody’s work while the link is cut all the time', async () => {
    const link = await linkThroughProxy();
    proxy.cutEvery(300);
    const answers = await Promise.all(
      Array.from({ length: 20 }, async () => {
        await delay(Math.random() * 2_000);
        return await link.use(ask);
      }),
    );
    expect(answers).toHaveLength(20);
    proxy.heal();
  });

  it.each(['stall', 'halfOpen'] as const)('notices a link that goes silent (%s)', async (trouble) => {
    const link = await linkThroughProxy({ keepaliveMs: 200 });
    await link.use(ask);
    proxy[trouble]();
    const startedMs = performance.now();
    const seen: boolean[] = [];
    link.onChange((state) => seen.push(state.isReachable));
    const asking = link.use(ask);
    await waitFor(() => seen.includes(false), 5_000);
    expect(performance.now() - startedMs).toBeLessThan(2_000);
    expect(link.state.message).toMatch(/no answer for/);
    proxy.cut();
    proxy.heal();
    expect(await asking).toBe('/');
    expect(link.state.isReachable).toBe(true);
  });

  it('gives a silent try up at its deadline, and works on a new connection', async () => {
    const link = await linkThroughProxy();
    await link.use(ask);
    proxy.stall();
    const asking = link.use(ask, { deadlineMs: 300 });
    await delay(600);
    proxy.cut();
    proxy.heal();
    expect(await asking).toBe('/');
  });

  it('leaves a slow piece of work its connection when another one’s deadline passes', async () => {
    const link = await linkThroughProxy();
    const slow = link.use(async (connection, attempt) => {
      await delay(1_500);
      await ask(connection);
      return attempt.number;
    });
    const tries = await link.use(
      async (connection, attempt) => {
        if (attempt.number === 1) await new Promise(() => {});
        await ask(connection);
        return attempt.number;
      },
      { deadlineMs: 600 },
    );
    expect(tries).toBe(2);
    expect(await slow).toBe(1);
    await waitFor(() => proxy.openCount === 2);
  });

  it('counts a deadline from the last progress', async () => {
    const link = await linkThroughProxy();
    const tries = await link.use(
      async (_connection, attempt) => {
        for (let step = 0; step < 5; step++) {
          await delay(300);
          attempt.progress();
        }
        return attempt.number;
      },
      { deadlineMs: 900 },
    );
    expect(tries).toBe(1);
  });

  it('lets the work’s own errors through at once', async () => {
    const link = await linkThroughProxy();
    const missingFile = link.use(async (connection) => {
      const sftp = await connection.sftp();
      return await new Promise((resolve, reject) =>
        sftp.stat('/no/such/file', (error, found) => (error ? reject(error) : resolve(found))),
      );
    });
    await expect(missingFile).rejects.toMatchObject({ code: 2 });
    await expect(link.use(async () => Promise.reject(new TypeError('a bug')))).rejects.toThrow('a bug');
    expect(proxy.connectionCount).toBe(2);
  });

  it('waits for a host that comes back, and tells meanwhile that it is away', async () => {
    const link = await linkThroughProxy();
    await link.use(ask);
    const seen: boolean[] = [];
    link.onChange((state) => seen.push(state.isReachable));
    proxy.refuse();
    const asking = Promise.all([link.use(ask), link.use(ask)]);
    await waitFor(() => !link.state.isReachable, 5_000);
    proxy.heal();
    expect(await asking).toEqual(['/', '/']);
    expect(seen).toEqual([false, true]);
  });

  it('loses patience with a host that was reached before', async () => {
    const link = await linkThroughProxy({ retryForMs: 1_000 });
    await link.use(ask);
    proxy.refuse();
    const startedMs = performance.now();
    await expect(link.use(ask)).rejects.toMatchObject({ code: 'host-unreachable', isRetryable: true });
    expect(performance.now() - startedMs).toBeGreaterThan(900);
    const tried = proxy.connectionCount;
    await delay(500);
    expect(proxy.connectionCount).toBe(tried);
  });

  it('lets a caller leave, and stops trying when nobody waits', async () => {
    const link = await linkThroughProxy();
    proxy.refuse();
    const controller = new AbortController();
    const asking = link.use(ask, { signal: controller.signal });
    await waitFor(() => link.state.message !== null);
    controller.abort(new Error('enough'));
    await expect(asking).rejects.toThrow('enough');
  });

  it.each([
    { rule: 'nothing listens', address: '127.0.0.1', says: 'ECONNREFUSED' },
    { rule: 'nobody knows the name', address: 'no-such-host.invalid', says: /ENOTFOUND|EAI_AGAIN/ },
  ])('says that $rule', async ({ address, says }) => {
    const port = await freePort();
    const link = await linkTo({ ...sshd.settings, address, port }, { retryForMs: 1_200 });
    const failing = link.use(ask);
    // What is not waited for is not said to have been.
    await expect(failing).rejects.not.toThrow(/within \d+ s: .*ENOTFOUND/);
    await expect(failing).rejects.toMatchObject({
      code: 'host-unreachable',
      exitCode: 4,
      message: expect.stringMatching(
        new RegExp(`${address}:${port}.*(${says instanceof RegExp ? says.source : says})`),
      ),
    });
  });

  it('says that a host does not speak', async () => {
    proxy.stall();
    const link = await linkThroughProxy({ retryForMs: 500 });
    await expect(link.use(ask)).rejects.toMatchObject({
      code: 'host-unreachable',
      message: expect.stringContaining('does not answer'),
    });
  });

  it('comes back after the server itself was restarted', async () => {
    const link = await linkThroughProxy();
    await link.use(ask);
    await sshd.restart();
    expect(await link.use(ask)).toBe('/');
  });

  it.each([
    { printed: 'Welcome to the machine', says: '“Welc…”' },
    { printed: 'Hi', says: 'prints text' },
    { printed: '\\033[32mgreen', says: 'prints text' },
  ])('says so when the shell of the host prints "$printed" into SFTP', async ({ printed, says }) => {
    const line = `Subsystem sftp printf "${printed}\\n"; exec /usr/lib/openssh/sftp-server`;
    const noisy = await startSshd({ config: [line] });
    try {
      const link = await linkTo(noisy.settings);
      await expect(link.use(ask)).rejects.toMatchObject({
        code: 'host-refused',
        message: expect.stringContaining(says),
        nextStep: expect.stringContaining('.bashrc'),
      });
    } finally {
      await noisy.stop();
    }
  });

  it.each(['Subsystem sftp /bin/false', 'Subsystem other /bin/true'])(
    'says so when the host gives no SFTP (%s)',
    async (line) => {
      const bare = await startSshd({ config: [line] });
      try {
        const link = await linkTo(bare.settings);
        await expect(link.use(ask)).rejects.toMatchObject({
          code: 'host-refused',
          nextStep: expect.stringContaining('Subsystem sftp'),
        });
        expect(await link.use(async (connection) => connection.isAlive)).toBe(true);
      } finally {
        await bare.stop();
      }
    },
  );

  it('ends all work when it is closed, and leaves no connection', async () => {
    const link = await linkThroughProxy();
    await link.use(ask);
    const hanging = expect(link.use(() => new Promise(() => {}))).rejects.toThrow('closed');
    await link.close();
    await hanging;
    await waitFor(() => proxy.openCount === 0);
    await expect(link.use(ask)).rejects.toThrow('closed');
  });
});
