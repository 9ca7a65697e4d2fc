import { execFileSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { layout } from '../../src/protocol/layout.ts';
import { slotStatusSchema } from '../../src/protocol/slot.ts';
import { callSocket } from '../support/call-socket.ts';
import { createRemoteStage, type RemoteStage } from '../support/lab/remote-stage.ts';
import { writeNumberedSpecs } from '../support/numbered-specs.ts';
import { SmallDisk } from '../support/small-disk.ts';
import { type StandIn, startStandInServer } from '../support/stand-in-server.ts';
import { ctrlC, Terminal } from '../support/terminal.ts';
import { waitFor } from '../support/wait-for.ts';

const lab = inject('lab');
const specs = 24;

/** Prompts that the worker asks for at the same time. */
const concurrency = 4;

/**
 * What may happen between a user's machine and a host, each once, to a run whose every prompt is counted. The engine
 * holds prompts back, so that the run has as much left to do as a test says when something happens to it.
 */
describe.skipIf(lab === null)('a run on a host', () => {
  let server: StandIn;
  let stage: RemoteStage;
  let run = 0;
  /** The checkpoints of earlier runs. */
  let known: readonly string[] = [];

  beforeAll(async () => {
    if (lab === null) return;
    server = await startStandInServer({ slots: concurrency });
    stage = await createRemoteStage(lab);
    await stage.configure(settings());
    await writeNumberedSpecs(join(stage.cli.workingFolder, 'specs'), specs, 4);
  });
  afterEach(() => {
    stage?.network.heal();
    server?.release();
  });
  afterAll(async () => {
    await stage?.[Symbol.asyncDispose]();
    await server?.stop();
  });

  it('ends as if nothing was, while its link is cut again and again', async () => {
    const { ended } = await begin(0);
    const { network } = stage;
    // As soon as it has begun to talk, until it gets through.
    for (let cut = 0; cut < 3; cut++) {
      const { connectionCount, bytes } = {
        connectionCount: network.connectionCount,
        bytes: network.bytes.toServer,
      };
      await waitFor(() => network.bytes.toServer > bytes + 1_000);
      network.cut();
      await waitFor(() => network.connectionCount > connectionCount);
    }
    for (let answered = 0; answered <= 12; answered += 3) {
      server.hold(answered === 0 ? 0 : 3);
      await held(answered);
      const { connectionCount } = network;
      network.cut();
      await waitFor(() => network.connectionCount > connectionCount);
    }
    server.release();
    const { code, stderr } = await ended;
    expect([code, stderr]).toEqual([0, expect.anything()]);
    await expectEnriched();
    expect(asksPerPrompt()).toEqual(new Set([1]));
  });

  it.each([
    { trouble: 'silent in both directions', begin: () => stage.network.stall() },
    { trouble: 'silent from the host', begin: () => stage.network.halfOpen() },
  ])('ends as if nothing was when its link is $trouble until it notices', async ({ begin: disturb }) => {
    const { ended } = await begin(2);
    await held(2);
    disturb();
    server.release();
    await noticed();
    stage.network.heal();
    const { code, stderr } = await ended;
    expect([code, stderr]).toEqual([0, expect.anything()]);
    expect(await eventTypes()).toEqual(expect.arrayContaining(['host-unreachable', 'host-reachable']));
    await expectEnriched();
    expect(asksPerPrompt()).toEqual(new Set([1]));
  });

  it('goes on where it was when the program is killed', async () => {
    const first = await begin(8);
    await held(8);
    first.child.kill('SIGKILL');
    await first.ended;
    server.release();
    const { code } = await stage.cli.run(['batch-upsample', '--resume', 'latest'], 60_000);
    expect(code).toBe(0);
    await expectEnriched();
    expect(asksPerPrompt()).toEqual(new Set([1]));
  });

  it('is finished on the host when the program is gone, and brought home by attach', async () => {
    const first = await begin(specs / 2);
    await held(specs / 2);
    first.child.kill('SIGKILL');
    await first.ended;
    server.release();
    await asked(specs);
    const { code, stdout } = await stage.cli.run(['attach', 'latest', '--json'], 60_000);
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { counts: { upsampled: specs } }]);
    expect(asksPerPrompt()).toEqual(new Set([1]));
  });

  it('gets its worker back when that is killed', async () => {
    const { ended } = await begin(8);
    await held(8);
    await waitFor(async () => (await readdir(join(await hostFolder(), layout.results))).length === 8);
    await stage.docker('kill', stage.container());
    server.release();
    expect((await ended).code).toBe(0);
    await expectEnriched();
    // What was in flight is asked again, and nothing else.
    const again = [...asks().values()].filter((count) => count > 1).length;
    expect(again).toBe(concurrency);
  });

  it('ends with 4 when the host stays away, and loses nothing', async () => {
    await stage.configure({ ...settings(), retry: { max_outage_s: 3 } });
    const { ended } = await begin(specs / 2);
    await held(specs / 2);
    stage.network.refuse();
    const { code, stderr } = await ended;
    stage.network.heal();
    server.release();
    await stage.configure(settings());
    expect(code).toBe(4);
    expect(stderr).toMatch(/gpu1 is unreachable since \d\d:\d\d:\d\d/);
    expect(stderr).toMatch(/cosmos (attach|resume) /);
    const shown = /continue with: cosmos (.+)/.exec(stderr)?.[1] ?? '';
    const attached = await stage.cli.run(shown.split(' '), 60_000);
    expect(attached.code).toBe(0);
    await expectEnriched();
    expect(asksPerPrompt()).toEqual(new Set([1]));
  });

  it('stops by Ctrl-C on the host as well, and goes on later', async () => {
    const { child, ended } = await begin(6);
    await held(6);
    child.kill('SIGINT');
    const log = join(await hostFolder(), layout.workerLog(0));
    await waitFor(async () => (await readFile(log, 'utf8')).includes('stopping'));
    server.release();
    const { code, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).toContain('cosmos resume ');
    await waitFor(hasNoRun);
    // What was in flight is answered, and nothing more was asked.
    expect(server.stats.asks.length).toBe(6 + concurrency);
    expect((await stage.cli.run(['batch-upsample', '--resume', 'latest'], 60_000)).code).toBe(0);
    await expectEnriched();
    expect(asksPerPrompt()).toEqual(new Set([1]));
  });

  // Without Ctrl-C it would wait for the host for five minutes, which is longer than these tests may take.
  it('leaves at once by Ctrl-C while the host is away, and says how to go on', async () => {
    const { child, ended } = await begin(6);
    await held(6);
    stage.network.refuse();
    await refused();
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    stage.network.heal();
    server.release();
    expect([code, stderr]).toEqual([130, expect.stringContaining('cosmos resume ')]);
    expect((await stage.cli.run(['batch-upsample', '--resume', 'latest'], 60_000)).code).toBe(0);
    await expectEnriched();
  });

  it('leaves at once by Ctrl-C while it waits for a host that never was there', async () => {
    stage.network.refuse();
    const { child, ended } = await begin(0);
    await refused();
    child.kill('SIGINT');
    const { code } = await ended;
    stage.network.heal();
    expect(code).toBe(130);
  });

  it('is left running by d after Ctrl-C, and by a closed terminal, and brought home by the command that is shown', async () => {
    using first = await beginOnTerminal(6);
    await held(6);
    first.press(ctrlC);
    await first.shows('d to leave it running');
    first.press('x');
    await first.shows('The run continues');
    first.press(ctrlC);
    await waitFor(() => first.text.split('d to leave it running').length > 2);
    first.press('d');
    expect([await first.ended, first.text]).toEqual([
      0,
      expect.stringMatching(/The program left; .*keeps running on gpu1/),
    ]);
    server.release();
    // The host does all of it, while no program waits for that.
    await asked(specs);
    const shown = /cosmos (attach \S+)/.exec(first.text)?.[1] ?? '';
    const attached = await stage.cli.run(shown.split(' '), 60_000);
    expect([attached.code, attached.stderr]).toEqual([0, expect.anything()]);
    await expectEnriched();
    expect(asksPerPrompt()).toEqual(new Set([1]));

    using second = await beginOnTerminal(6);
    await held(6);
    second.close();
    const ending = await waitForEnding();
    expect(ending).toMatchObject({
      ...{ status: 'detached', host: 'gpu1' },
      ending: { code: 'detached', message: expect.stringContaining('keeps running on gpu1') },
    });
    server.release();
    await asked(specs);
    const command = /cosmos (.+)$/.exec(ending.ending.next_step)?.[1] ?? '';
    expect((await stage.cli.run(command.split(' '), 60_000)).code).toBe(0);
    await expectEnriched();
    expect(asksPerPrompt()).toEqual(new Set([1]));
  });

  it('is stopped by a second Ctrl-C on a terminal, and continued by the command that is shown', async () => {
    using terminal = await beginOnTerminal(6);
    await held(6);
    terminal.press(ctrlC);
    await terminal.shows('d to leave it running');
    terminal.press(ctrlC);
    await waitFor(async () =>
      (await readFile(join(await hostFolder(), layout.workerLog(0)), 'utf8')).includes('stopping'),
    );
    server.release();
    expect(await terminal.ended).toBe(130);
    expect(server.stats.asks.length).toBe(6 + concurrency);
    const shown = /cosmos (resume \S+)/.exec(terminal.text)?.[1] ?? '';
    expect((await stage.cli.run(shown.split(' '), 60_000)).code).toBe(0);
    await expectEnriched();
    expect(asksPerPrompt()).toEqual(new Set([1]));
  });

  it('is cancelled on its host', async () => {
    const detached = await begin(1, '--detach');
    expect((await detached.ended).code).toBe(0);
    await held(1);
    expect((await stage.cli.run(['cancel', 'latest'], 60_000)).code).toBe(0);
    await waitFor(hasNoRun);
    server.release();
    expect(server.stats.asks.length).toBe(1 + concurrency);
  });

  /** Starts a run, of which only so many prompts are answered until the engine is told to release the others. */
  async function begin(answered: number, ...flags: string[]) {
    return await stage.cli.start(await argumentsOf(answered, ...flags, '--no-progress'));
  }

  async function beginOnTerminal(answered: number): Promise<Terminal> {
    return new Terminal(stage.cli, await argumentsOf(answered));
  }

  async function argumentsOf(answered: number, ...flags: string[]): Promise<string[]> {
    server.stats.asks.splice(0);
    server.hold(answered);
    known = await checkpoints();
    run += 1;
    const engine = ['--engine', 'openai', '--base-url', server.baseUrl, '--model', 'stand-in'];
    const output = ['--output-dir', `out-${run}`, '--events', eventsFile(), '--force'];
    return ['batch-upsample', 'specs', '--host', 'gpu1', ...engine, ...output, ...flags];
  }

  /** How the latest run stands, as soon as it has ended. */
  async function waitForEnding() {
    const read = async () =>
      JSON.parse((await stage.cli.run(['runs', '--json', '--limit', '1'])).stdout).runs[0];
    let row = await read();
    await waitFor(async () => {
      row = await read();
      return row.status !== 'running' && row.ending !== null;
    });
    return row;
  }

  async function asked(count: number): Promise<void> {
    await waitFor(() => server.stats.asks.length >= count);
  }

  /** Waits until so many prompts were answered, and as many are held back as are asked for at the same time. */
  async function held(answered: number): Promise<void> {
    await asked(answered + concurrency);
  }

  /** Waits until the program has tried in vain to reach the host. */
  async function refused(): Promise<void> {
    const { refusedCount } = stage.network;
    await waitFor(() => stage.network.refusedCount > refusedCount);
  }

  /** Waits until the program has told that the host is away. */
  async function noticed(): Promise<void> {
    await waitFor(async () => (await eventTypes()).includes('host-unreachable'));
  }

  function asks(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { text } of server.stats.asks) counts.set(text, (counts.get(text) ?? 0) + 1);
    return counts;
  }

  /** How often each prompt was asked: `{1}` when all were asked exactly once. */
  function asksPerPrompt(): ReadonlySet<number> {
    expect(asks().size).toBe(specs);
    return new Set(asks().values());
  }

  async function checkpoints(): Promise<readonly string[]> {
    return await readdir(stage.cli.checkpointFolder).catch(() => []);
  }

  /** The run that was begun last. */
  async function runId(): Promise<string> {
    const [id] = (await checkpoints()).filter((name) => !known.includes(name));
    if (id === undefined) throw new Error('there is no run yet');
    return id;
  }

  function eventsFile(): string {
    return join(stage.cli.workingFolder, `events-${run}.ndjson`);
  }

  async function eventTypes(): Promise<readonly string[]> {
    const text = await readFile(eventsFile(), 'utf8').catch(() => '');
    const lines = text.split('\n').slice(0, -1);
    return lines.map((line) => (JSON.parse(line) as { type: string }).type);
  }

  /** Where the host keeps the run. */
  async function hostFolder(): Promise<string> {
    return join(stage.root, layout.run(await runId()));
  }

  /** Whether the slot has no run open, so that there is no worker that could ask for anything. */
  async function hasNoRun(): Promise<boolean> {
    const { body } = await callSocket(join(stage.root, layout.slotSocket(0)), 'GET', '/status');
    return slotStatusSchema.parse(JSON.parse(body)).runs.length === 0;
  }

  async function expectEnriched(): Promise<void> {
    for (let shot = 0; shot < specs; shot++) {
      const path = join(stage.cli.workingFolder, `out-${run}`, `shot_${shot}`, 's.json');
      expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ is_upsampled: true });
    }
  }
});

describe.skipIf(lab === null)('a host that is not the one that is known', () => {
  it.each([
    {
      fault: 'shows another key',
      code: 'host-key-changed',
      arrange: async (stage: RemoteStage) => await stage.sshd.changeHostKeys(),
    },
    {
      fault: 'has no key on file',
      code: 'host-key-unknown',
      arrange: async (stage: RemoteStage) => await writeFile(join(stage.folder, 'known_hosts'), ''),
    },
  ])('is not talked to when it $fault', async ({ code, arrange }) => {
    if (lab === null) return;
    await using stage = await createRemoteStage(lab);
    await writeNumberedSpecs(join(stage.cli.workingFolder, 'specs'), 2, 1);
    await arrange(stage);
    const ended = await stage.cli.run(['batch-upsample', 'specs', '--host', 'gpu1', '--json']);
    expect(ended.code).toBe(2);
    expect(JSON.parse(ended.stdout)).toMatchObject({ error: { code } });
    // Neither a name nor a key was offered.
    expect(await stage.sshd.log()).not.toMatch(/Accepted|Connection .* user|Postponed|userauth/i);
  });
});

describe.skipIf(lab === null)("a host's disk", () => {
  it('that is full is an error with a next step, and the run goes on when there is room', async () => {
    if (lab === null) return;
    await using stage = await createRemoteStage(lab);
    using disk = new SmallDisk(stage.root, 24);
    await writeNumberedSpecs(join(stage.cli.workingFolder, 'specs'), 8, 4);
    const args = ['batch-upsample', 'specs', '--host', 'gpu1'];
    // The first run makes the folders and starts the worker.
    expect((await stage.cli.run([...args, '--output-dir', 'first'])).code).toBe(0);
    await stage.cli.run(['host', 'prune', 'gpu1', '--keep', '0', '--yes']);
    execFileSync('find', [join(stage.root, 'objects'), '-type', 'f', '-delete']);
    disk.fill();
    const full = await stage.cli.run([...args, '--force']);
    expect(full.stderr).toContain('full');
    expect(full.code).toBe(1);
    disk.free();
    const resumed = await stage.cli.run(['batch-upsample', '--resume', 'latest']);
    expect([resumed.code, resumed.stderr]).toEqual([0, expect.anything()]);
  });

  it('that takes no writes is named', async () => {
    if (lab === null) return;
    await using stage = await createRemoteStage(lab);
    using disk = new SmallDisk(stage.root, 24);
    await writeNumberedSpecs(join(stage.cli.workingFolder, 'specs'), 2, 1);
    execFileSync('mount', ['-o', 'remount,ro', disk.folder]);
    const refused = await stage.cli.run(['batch-upsample', 'specs', '--host', 'gpu1']);
    execFileSync('mount', ['-o', 'remount,rw', disk.folder]);
    expect(refused.stderr).toContain('is read-only');
    expect(refused.code).toBe(1);
  });
});

function settings() {
  return { 'hosts.gpu1': { network: 'host' }, 'upsampling.engine': { concurrency } };
}
