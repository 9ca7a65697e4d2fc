import { execFile } from 'node:child_process';
import {
  lutimes,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { slotContainerName } from '../../src/adapters/docker/container-spec.ts';
import {
  createContainer,
  removeEndedContainer,
  startContainer,
} from '../../src/adapters/docker/containers.ts';
import { upload } from '../../src/adapters/sftp/upload.ts';
import { RemoteMachine } from '../../src/adapters/ssh-host/remote-machine.ts';
import { SshHost } from '../../src/adapters/ssh-host/ssh-host.ts';
import { SshUpkeep } from '../../src/adapters/ssh-host/ssh-upkeep.ts';
import type { HostSettings } from '../../src/core/settings/settings-schema.ts';
import { randomObjects } from '../integration/worker/slot/slot-rig.ts';
import { buildFiles, clientOf, type LabFacts } from '../support/lab/lab.ts';
import { hostSettings, machineOptions, removeContainers } from '../support/lab/remote-bench.ts';
import { type LabSshd, startSshd } from '../support/lab/sshd.ts';
import { hashOf, manifestText } from '../support/memory-tree.ts';
import { waitFor } from '../support/wait-for.ts';

const run = promisify(execFile);
const lab = inject('lab');
const longAgo = new Date('2001-01-01T00:00:00Z');
const rules = { neededRuns: new Set<string>(), keepMs: 86_400_000 };

describe.skipIf(lab === null)('tidying a host', () => {
  let sshd: LabSshd;
  let folder: string;
  let root: string;
  let victim: string;
  let closing: { close(): Promise<void> }[];

  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterAll(async () => await sshd?.stop());
  beforeEach(async () => {
    folder = await mkdtemp('/tmp/cpr-');
    root = join(folder, 'r');
    victim = join(folder, 'victim');
    closing = [];
    for (const name of ['incoming', 'objects', 'runs']) await mkdir(join(root, name), { recursive: true });
    await write('../victim/photos/a.jpg', 'x');
    await write('../victim/notes', 'x');
  });
  afterEach(async () => {
    for (const thing of closing) await thing.close();
    if (lab) await removeContainers(lab, root);
    await rm(folder, { recursive: true, force: true });
  });

  it('unlinks links wherever they lie, and follows none', async () => {
    await oldLink(victim, 'incoming/old.part');
    await mkdir(join(root, 'incoming/pruned_1'));
    await oldLink(victim, 'incoming/pruned_1/below');
    await utimes(join(root, 'incoming/pruned_1'), longAgo, longAgo);
    await oldLink(victim, `objects/${hashOf('d')}`);
    await finishedRun('done-run', 'a');
    await oldLink(victim, 'runs/done-run/results/deep');
    await oldLink(victim, 'runs/link-run');
    await makeOld('runs/done-run/results');
    const upkeep = upkeepOf();
    const removed = await upkeep.remove(await upkeep.findUnneeded(rules), rules);
    expect(removed.map(({ kind, name }) => `${kind} ${name.slice(0, 20)}`).sort()).toEqual([
      `object ${'a'.repeat(20)}`,
      `object ${'d'.repeat(20)}`,
      'run done-run',
      'upload incoming/old.part',
      'upload incoming/pruned_1',
    ]);
    expect(await readdir(join(root, 'incoming'))).toEqual([]);
    expect(await readdir(join(root, 'runs'))).toEqual(['link-run']);
    await expectVictimWell();
  });

  it.each(['runs', 'objects', 'incoming'])('refuses a root whose %s is a link', async (name) => {
    await rm(join(root, name), { recursive: true });
    await symlink(victim, join(root, name));
    await expect(upkeepOf().findUnneeded(rules)).rejects.toMatchObject({ code: 'host-refused' });
    await expect(
      upkeepOf().prepare(
        { role: 'upsampler', isForced: false },
        () => undefined,
        new AbortController().signal,
      ),
    ).rejects.toMatchObject({ code: 'host-refused' });
    await expectVictimWell();
  });

  it('changes nothing when it only looks', async () => {
    await finishedRun('done-run', 'a');
    const times = async () =>
      await Promise.all(
        ['', 'incoming', 'objects', 'runs'].map(async (name) => (await stat(join(root, name))).mtimeMs),
      );
    const before = await times();
    expect(await upkeepOf().findUnneeded(rules)).toHaveLength(2);
    expect(await times()).toEqual(before);
  });

  it('is no trouble for another one that goes on at the same time', async () => {
    for (let run = 0; run < 40; run++) await finishedRun(`done-run-${run}`, 'a');
    const [one, other] = [upkeepOf(), upkeepOf()];
    const found = await one.findUnneeded(rules);
    const removed = await Promise.all([one.remove(found, rules), other.remove(found, rules)]);
    expect(removed.flat().filter(({ kind }) => kind === 'run')).toHaveLength(40);
    expect([await readdir(join(root, 'runs')), await readdir(join(root, 'incoming'))]).toEqual([[], []]);
  });

  it('does not remove what is touched after it was listed', async () => {
    await finishedRun('done-run', 'a');
    await finishedRun('other-run', 'b');
    const upkeep = upkeepOf();
    const found = await upkeep.findUnneeded(rules);
    expect(found).toHaveLength(4);
    const now = new Date();
    await utimes(join(root, `objects/${hashOf('a')}`), now, now);
    await write('runs/other-run/manifests/worker_0_manifest_1.json', manifestText({ [hashOf('c')]: null }));
    const removed = await upkeep.remove(found, rules);
    expect(removed.map(({ name }) => name)).toEqual(['done-run']);
    expect((await readdir(join(root, 'objects'))).sort()).toEqual([hashOf('a'), hashOf('b')]);
  });

  it('does not remove what is touched after its last look', async () => {
    for (let at = 0; at < 60; at++) await finishedRun(`done-run-${at}`, 'a');
    await finishedRun('done-run', 'b');
    const upkeep = upkeepOf();
    const found = await upkeep.findUnneeded(rules);
    const removing = upkeep.remove(found, rules);
    // Runs go first: once one of them is away, it has looked for the last time.
    await waitFor(async () => (await readdir(join(root, 'runs'))).length < 61);
    const now = new Date();
    await utimes(join(root, `objects/${hashOf('a')}`), now, now);
    const removed = await removing;
    expect(found.length - removed.length).toBe(1);
    expect(await readdir(join(root, 'objects'))).toEqual([hashOf('a')]);
  });

  it('leaves containers that run, or that are about to', async () => {
    const docker = clientOf(lab?.dockerSocket ?? '');
    const labelsOf = (slotId: number) => ({ 'cosmos.root': root, 'cosmos.slot': String(slotId) });
    for (const [slotId, script] of ['', 'setTimeout(() => undefined, 600_000)', ''].entries()) {
      const Entrypoint = ['/usr/local/bin/node', '-e', script];
      const options = { Image: lab?.image ?? '', Entrypoint, Cmd: [], Labels: labelsOf(slotId) };
      await createContainer(docker, slotContainerName(root, slotId), options);
      if (slotId < 2) await startContainer(docker, slotContainerName(root, slotId));
    }
    await docker.call((engine) => engine.getContainer(slotContainerName(root, 0)).wait());
    const upkeep = upkeepOf();
    expect(await upkeep.findUnneeded(rules)).toEqual([]);
    const now = { ...rules, keepMs: 0 };
    // Other tests build images in the same engine.
    const found = (await upkeep.findUnneeded(now)).filter(({ kind }) => kind !== 'image');
    expect(found).toMatchObject([{ kind: 'container', name: slotContainerName(root, 0) }]);
    expect(await upkeep.remove(found, now)).toHaveLength(1);
    expect(await removeEndedContainer(docker, slotContainerName(root, 1))).toBe(false);
    expect(await removeEndedContainer(docker, slotContainerName(root, 0))).toBe(false);
    // Slots that the settings do not have are shown as well.
    const { slots } = await upkeep.status();
    expect(slots.map(({ slotId, state }) => [slotId, state])).toEqual([
      [0, 'absent'],
      [1, 'foreign'],
      [2, 'foreign'],
    ]);
  });

  it('works with settings that name too few GPUs', async () => {
    await finishedRun('done-run', 'a');
    const upkeep = upkeepOf({ workers: 3, gpus: '0' });
    expect((await upkeep.status()).slots).toHaveLength(3);
    expect(await upkeep.findUnneeded(rules)).toHaveLength(2);
  });

  it('sends uploads and manifests to no other place than the root', async () => {
    const machine = await RemoteMachine.at(machineOptions('gpu1', settings()));
    closing.push(machine);
    const local = join(folder, 'hint');
    await writeFile(local, 'HINT'.repeat(100));
    await symlink(join(victim, 'notes'), join(root, 'incoming/x.part'));
    await upload(machine.files, local, join(root, 'incoming/x.part'), 400);
    expect(await readFile(join(root, 'incoming/x.part'), 'utf8')).toBe('HINT'.repeat(100));
    for (const [runId, link] of [
      ['run-a', 'runs/run-a'],
      ['run-b', 'runs/run-b/manifests'],
    ] as const) {
      await mkdir(join(root, link, '..'), { recursive: true });
      await symlink(victim, join(root, link));
      const files = await machine.runFiles(runId);
      const path = link.endsWith('manifests') ? 'manifests/worker_0_manifest_0.json' : 'x.json';
      await expect(files.publish(path, '{}')).rejects.toMatchObject({ code: 'host-refused' });
    }
    await expectVictimWell();
  });

  it('lets workers read uploads only, and clients send the same object at the same time', async () => {
    const [object] = randomObjects(1, 12 * 1024 * 1024);
    const path = join(folder, 'large');
    await writeFile(path, object?.content ?? '');
    const sent = { path, sha256: object?.sha256 ?? '', sizeBytes: 12 * 1024 * 1024 };
    const runs = await Promise.all(
      ['run-a', 'run-b', 'run-c'].map(async (runId) => {
        const opened = await new SshHost(machineOptions('gpu1', settings())).openRun(runId, { workers: 1 });
        closing.push(opened);
        return opened;
      }),
    );
    await Promise.all(runs.map((opened) => opened.deliver([sent])));
    expect(
      (await readFile(join(root, 'objects', sent.sha256))).equals(object?.content ?? Buffer.alloc(0)),
    ).toBe(true);
    expect(await readdir(join(root, 'objects'))).toEqual([sent.sha256]);
    const script = `
      const fs = require('node:fs');
      const tries = [
        () => fs.symlinkSync('/etc/x', '/cosmos/incoming/x'),
        () => fs.renameSync('/cosmos/incoming', '/cosmos/elsewhere'),
      ];
      for (const attempt of tries) try { attempt(); console.log('done'); } catch (error) { console.log(error.code); }`;
    const said = await run('docker', [
      ...['-H', `unix://${lab?.dockerSocket}`, 'exec', slotContainerName(root, 0)],
      ...['/usr/local/bin/node', '-e', script],
    ]);
    expect(said.stdout).toMatch(/^EROFS\n(EROFS|EBUSY|EACCES)\n$/);
    // It was open to others, held nothing of theirs, and no container ran in it.
    expect((await stat(root)).mode & 0o777).toBe(0o700);
    await Promise.all(runs.map((opened) => opened.stop(0)));
  });

  function settings(change: Partial<HostSettings> = {}): HostSettings {
    const { dockerSocket = '', image = '' } = (lab ?? {}) as Partial<LabFacts>;
    const own = { remote_root: root, docker_socket: dockerSocket, image, gpus: 'none' };
    return hostSettings({ ...sshd.settings, ...own, ...change });
  }

  function upkeepOf(change: Partial<HostSettings> = {}): SshUpkeep {
    const upkeep = new SshUpkeep({
      ...machineOptions('gpu1', settings(change)),
      buildFiles,
      servesModel: false,
      servedModel: '',
      upscalesWithModel: false,
    });
    closing.push(upkeep);
    return upkeep;
  }

  async function write(path: string, text: string): Promise<void> {
    await mkdir(join(root, path, '..'), { recursive: true });
    await writeFile(join(root, path), text);
  }

  async function finishedRun(runId: string, letter: string): Promise<void> {
    const key = hashOf(letter);
    await write(`runs/${runId}/manifests/worker_0_manifest_0.json`, manifestText({ [key]: key }));
    await write(`runs/${runId}/results/${key}.json`, '{}');
    await write(`objects/${key}`, `bytes of ${letter}`);
    for (const path of ['manifests', 'results', '']) await makeOld(`runs/${runId}/${path}`);
    await makeOld(`objects/${key}`);
  }

  async function makeOld(path: string): Promise<void> {
    await utimes(join(root, path), longAgo, longAgo);
  }

  async function oldLink(target: string, path: string): Promise<void> {
    await symlink(target, join(root, path));
    await lutimes(join(root, path), longAgo, longAgo);
  }

  async function expectVictimWell(): Promise<void> {
    expect((await readdir(victim)).sort()).toEqual(['notes', 'photos']);
    expect(await readdir(join(victim, 'photos'))).toEqual(['a.jpg']);
    expect(await readFile(join(victim, 'notes'), 'utf8')).toBe('x');
  }
});
