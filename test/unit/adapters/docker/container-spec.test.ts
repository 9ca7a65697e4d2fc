import { describe, expect, it } from 'vitest';
import {
  type ModelProgramSettings,
  type SlotContainerSettings,
  slotContainerName,
  slotContainerSpec,
} from '../../../../src/adapters/docker/container-spec.ts';

const settings: SlotContainerSettings = {
  rootPath: '/home/ubuntu/.cosmos',
  slotId: 1,
  imageId: `sha256:${'a'.repeat(64)}`,
  user: { uid: 1000, gid: 1001 },
  gpuIds: [],
  network: 'none',
  models: null,
  modelProgram: null,
  idleTimeoutMs: 1_800_000,
};

const modelProgram: ModelProgramSettings = { shmSizeBytes: 16 * 1024 ** 3, checkpoints: null };
const weights = (source: string) => ({ mounts: [{ source, below: '' }], hub: 'hub' });

const hostConfigOf = (change: Partial<SlotContainerSettings> = {}) =>
  slotContainerSpec({ ...settings, ...change }).options.HostConfig ?? {};

describe('slotContainerSpec', () => {
  it('is confined, whatever the settings say', () => {
    for (const change of [
      {},
      { network: 'host' },
      { gpuIds: ['0'], models: weights('/models') },
      { modelProgram },
    ] as const) {
      expect(hostConfigOf(change)).toMatchObject({
        CapDrop: ['ALL'],
        SecurityOpt: ['no-new-privileges:true'],
        ReadonlyRootfs: true,
        Privileged: false,
        PidsLimit: 4096,
        Init: true,
        AutoRemove: false,
      });
    }
  });

  it('runs the slot as the owner of the root folder', () => {
    const { name, options } = slotContainerSpec(settings);
    expect(name).toMatch(/^cosmos-[0-9a-f]{8}-slot-1$/);
    expect(options).toMatchObject({
      Image: settings.imageId,
      User: '1000:1001',
      Cmd: ['--root', '/cosmos', '--slot', '1', '--idle-timeout-ms', '1800000'],
      Labels: { 'cosmos.root': '/home/ubuntu/.cosmos', 'cosmos.slot': '1' },
    });
  });

  it('has no network unless told', () => {
    expect(hostConfigOf().NetworkMode).toBe('none');
    expect(hostConfigOf({ network: 'host' }).NetworkMode).toBe('host');
    expect(slotContainerSpec(settings).options.Env).toContain('HF_HUB_OFFLINE=1');
    expect(slotContainerSpec({ ...settings, network: 'host' }).options.Env).not.toContain('HF_HUB_OFFLINE=1');
  });

  it('mounts folders of the root to write, never the root itself, and uploads and weights to read', () => {
    const at = (folder: string) => ({
      Type: 'bind',
      Source: `/home/ubuntu/.cosmos/${folder}`,
      Target: `/cosmos/${folder}`,
    });
    expect(hostConfigOf({ models: weights('/srv/with:colon') }).Mounts).toEqual([
      ...['objects', 'runs', 'slots', 'cache'].map(at),
      { ...at('incoming'), ReadOnly: true },
      { Type: 'bind', Source: '/srv/with:colon', Target: '/models', ReadOnly: true },
    ]);
    expect(slotContainerSpec({ ...settings, models: weights('/srv/m') }).options.Env).toContain(
      'HF_HUB_CACHE=/models/hub',
    );
  });

  it('mounts the part of a folder of weights that is shown, and finds the cache in it', () => {
    const home = { mounts: [{ source: '/home/ubuntu/hf/hub', below: 'hub' }], hub: 'hub' };
    expect(hostConfigOf({ models: home }).Mounts?.at(-1)).toEqual({
      ...{ Type: 'bind', Source: '/home/ubuntu/hf/hub', Target: '/models/hub', ReadOnly: true },
    });
    const cache = { ...weights('/srv/hub'), hub: '' };
    expect(slotContainerSpec({ ...settings, models: cache }).options.Env).toContain('HF_HUB_CACHE=/models');
  });

  it('gives GPUs by their numbers, with room for what engines share', () => {
    expect(hostConfigOf().DeviceRequests).toBeUndefined();
    expect(hostConfigOf({ gpuIds: ['2', '3'] })).toMatchObject({
      DeviceRequests: [{ Driver: 'nvidia', DeviceIDs: ['2', '3'], Capabilities: [['gpu']] }],
      ShmSize: 8 * 1024 ** 3,
    });
  });

  it.each<{ what: string; change: Partial<SlotContainerSettings> }>([
    { what: 'the image', change: { imageId: 'sha256:b' } },
    { what: 'the user', change: { user: { uid: 0, gid: 0 } } },
    { what: 'the GPUs', change: { gpuIds: ['0'] } },
    { what: 'the network', change: { network: 'host' } },
    { what: 'the weights', change: { models: weights('/models') } },
    { what: 'the idle time', change: { idleTimeoutMs: 1 } },
  ])('another container when $what changes', ({ change }) => {
    expect(slotContainerSpec({ ...settings, ...change }).specHash).not.toBe(
      slotContainerSpec(settings).specHash,
    );
  });

  it.each<{ what: string; change: Partial<SlotContainerSettings>; hash: string }>([
    { what: 'nothing', change: {}, hash: 'a2f9422db25b0936' },
    {
      what: 'weights',
      change: { gpuIds: ['2', '3'], models: weights('/srv/models') },
      hash: '1bacf4ceae6204b0',
    },
    { what: 'a network', change: { network: 'host' }, hash: '719d071f1babea94' },
  ])(
    'with $what it is the same container in all versions from here on, which adopt it',
    ({ change, hash }) => {
      expect(slotContainerSpec({ ...settings, ...change }).specHash.slice(0, 16)).toBe(hash);
    },
  );

  it('gives the program of a model its checkpoints, shared memory and working folder', () => {
    const given = { modelProgram: { ...modelProgram, checkpoints: weights('/srv/checkpoints') } };
    const { options } = slotContainerSpec({ ...settings, ...given, models: weights('/srv/m') });
    expect(options).not.toHaveProperty('WorkingDir');
    expect(options.HostConfig).toMatchObject({ ShmSize: 16 * 1024 ** 3, NetworkMode: 'none' });
    expect(options.HostConfig?.Mounts?.slice(5)).toEqual([
      { Type: 'bind', Source: '/srv/m', Target: '/models', ReadOnly: true },
      { Type: 'bind', Source: '/srv/checkpoints', Target: '/checkpoints', ReadOnly: true },
    ]);
    const offline = ['HF_HUB_OFFLINE=1', 'TRANSFORMERS_OFFLINE=1', 'UV_OFFLINE=1'];
    expect(options.Env).toEqual(
      expect.arrayContaining(['COSMOS_CHECKPOINTS_DIR=/checkpoints', 'HOME=/tmp', ...offline]),
    );
    const open = slotContainerSpec({ ...settings, modelProgram, network: 'host' }).options.Env ?? [];
    expect(open.filter((entry) => /OFFLINE|CHECKPOINTS/.test(entry))).toEqual([]);
  });

  it.each([
    { what: 'shared memory', change: { shmSizeBytes: 1 } },
    { what: 'checkpoints', change: { checkpoints: weights('/srv/checkpoints') } },
  ])('another container for a model with other $what', ({ change }) => {
    const hashes = [null, modelProgram, { ...modelProgram, ...change }].map(
      (given) => slotContainerSpec({ ...settings, modelProgram: given }).specHash,
    );
    expect(new Set(hashes).size).toBe(3);
  });

  it('is the same for the same settings', () => {
    expect(slotContainerSpec({ ...settings })).toEqual(slotContainerSpec(settings));
  });

  it('names differ by root and slot', () => {
    expect(
      new Set([slotContainerName('/a', 0), slotContainerName('/a', 1), slotContainerName('/b', 0)]).size,
    ).toBe(3);
  });
});
