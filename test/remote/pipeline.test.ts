import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createRemoteStage, type RemoteStage } from '../support/lab/remote-stage.ts';
import { writeNumberedSpecs } from '../support/numbered-specs.ts';

const lab = inject('lab');

/** Everything a user does with a fresh host, in the order in which it is done: each step stands on the one before. */
describe.skipIf(lab === null)('a fresh host', () => {
  let stage: RemoteStage;

  beforeAll(async () => {
    if (lab === null) return;
    stage = await createRemoteStage(lab);
    await writeNumberedSpecs(join(stage.cli.workingFolder, 'specs'), 60, 12);
  });
  afterAll(async () => await stage?.[Symbol.asyncDispose]());

  it('says what is missing, and what to do', async () => {
    await stage.configure({ 'hosts.gpu1': { image: 'cosmos-upsampler:not-yet' } });
    const { code, stderr } = await run('batch-upsample', 'specs', '--host', 'gpu1');
    expect(stderr).toContain('cosmos host prepare gpu1');
    expect(code).toBe(2);
  });

  it('is prepared, and then needs nothing more', async () => {
    const first = await run('host', 'prepare', 'gpu1', '--json');
    expect(JSON.parse(first.stdout)).toMatchObject({ outcome: 'built' });
    const again = await run('host', 'prepare', 'gpu1', '--json');
    expect(JSON.parse(again.stdout)).toMatchObject({ outcome: 'present' });
    await stage.configure();
    expect((await run('doctor', '--host', 'gpu1')).code).toBe(0);
  });

  it('enriches 60 specs, and gets each of their 12 hints once', async () => {
    const before = stage.network.bytes.toServer;
    const { code, stdout, stderr } = await run('batch-upsample', 'specs', '--host', 'gpu1', '--json');
    expect(stderr).not.toContain('unreachable');
    expect(JSON.parse(stdout)).toMatchObject({ status: 'complete', counts: { upsampled: 60, failed: 0 } });
    expect(code).toBe(0);
    const hints = await readdir(join(stage.root, 'objects'));
    expect(hints).toHaveLength(12);
    const sizes = await Promise.all(hints.map((name) => readFile(join(stage.root, 'objects', name))));
    const hintBytes = sizes.reduce((sum, bytes) => sum + bytes.length, 0);
    // All hints once, and little besides: manifests and the talk of SSH.
    expect(stage.network.bytes.toServer - before).toBeLessThan(1.2 * hintBytes + 400_000);
    expect(await readdir(join(stage.root, 'incoming'))).toEqual([]);
    for (let shot = 0; shot < 60; shot++) {
      const path = join(stage.cli.outputFolder, `shot_${shot}`, 's.json');
      expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ is_upsampled: true });
    }
  });

  it('runs its worker confined, and nothing but sshd listens on TCP', async () => {
    const [facts] = JSON.parse(await stage.docker('inspect', stage.container())) as [ContainerFacts];
    expect(facts.HostConfig).toMatchObject({
      NetworkMode: 'none',
      CapDrop: ['ALL'],
      CapAdd: null,
      ReadonlyRootfs: true,
      Privileged: false,
      SecurityOpt: ['no-new-privileges:true'],
    });
    expect(facts.HostConfig.PidsLimit).toBeGreaterThan(0);
    const inside = async (...argv: string[]) => await stage.docker('exec', stage.container(), ...argv);
    expect(await inside('grep', 'CapEff', '/proc/1/status')).toMatch(/CapEff:\s+0{16}/);
    expect(await inside('id', '-u')).not.toBe('0\n');
    expect(await inside('ls', '/sys/class/net')).toBe('lo\n');
    await expect(inside('touch', '/opt/x')).rejects.toThrow('Read-only file system');
    await expect(inside('touch', '/cosmos/incoming/x')).rejects.toThrow();
    // Its own network has no socket that listens, and no port of it is published.
    expect(listenersIn(await inside('cat', '/proc/net/tcp', '/proc/net/tcp6'))).toEqual([]);
    expect(facts.NetworkSettings.Ports ?? {}).toEqual({});
  });

  it('is warm for the second run: the same container, and no hint is sent', async () => {
    const startedAt = await stage.docker('inspect', '-f', '{{.State.StartedAt}}', stage.container());
    const before = stage.network.bytes.toServer;
    const { code, stdout } = await run('batch-upsample', 'specs', '--host', 'gpu1', '--force', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ counts: { upsampled: 60 } });
    expect(code).toBe(0);
    expect(await stage.docker('inspect', '-f', '{{.State.StartedAt}}', stage.container())).toBe(startedAt);
    expect(stage.network.bytes.toServer - before).toBeLessThan(400_000);
  });

  it('shows how it stands', async () => {
    const { stdout, code } = await run('host', 'status', 'gpu1', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      host: 'gpu1',
      image: { is_present: true },
      slots: [{ state: 'running', runs: [] }],
      gpus: [],
    });
    expect(code).toBe(0);
  });

  it('goes on with a detached run, whose results are brought home later', async () => {
    const left = await run('batch-upsample', 'specs', '--host', 'gpu1', '--force', '--detach', '--json');
    expect(left.code).toBe(0);
    const { run_id: runId } = JSON.parse(left.stdout) as { run_id: string };
    const brought = await run('attach', runId, '--json');
    expect(JSON.parse(brought.stdout)).toMatchObject({ status: 'complete', counts: { upsampled: 60 } });
    const runs = await run('runs', '--check', '--json');
    expect(JSON.parse(runs.stdout).runs[0]).toMatchObject({ run_id: runId, status: 'complete' });
    const logs = await run('logs', runId);
    expect(logs.stdout).toContain(runId);
  });

  it('is tidied: runs of the past go, what a run needs stays', async () => {
    const listed = await run('host', 'prune', 'gpu1', '--keep', '0');
    expect(listed.stdout + listed.stderr).toContain('--yes');
    expect((await readdir(join(stage.root, 'runs'))).length).toBeGreaterThan(2);
    expect((await run('host', 'prune', 'gpu1', '--keep', '0', '--yes')).code).toBe(0);
    expect(await readdir(join(stage.root, 'runs'))).toEqual([]);
  });

  async function run(...args: string[]) {
    return await stage.cli.run(args, 110_000);
  }
});

interface ContainerFacts {
  readonly HostConfig: Readonly<Record<string, unknown>> & { readonly PidsLimit: number };
  readonly NetworkSettings: { readonly Ports: object | null };
}

/** Local addresses of the sockets that listen, as the kernel's tables of TCP sockets write them. */
function listenersIn(tables: string): string[] {
  const rows = tables.split('\n').map((line) => line.trim().split(/\s+/));
  return rows.flatMap(([, local = '', , state]) => (state === '0A' ? [local] : []));
}
