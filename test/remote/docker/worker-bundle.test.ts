import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { slotContainerSpec } from '../../../src/adapters/docker/container-spec.ts';
import {
  createContainer,
  readLog,
  removeContainer,
  startContainer,
} from '../../../src/adapters/docker/containers.ts';
import { clientOf } from '../../support/lab/lab.ts';
import { sampleEngine, sampleTask } from '../../support/sample-work.ts';
import { waitFor } from '../../support/wait-for.ts';
import { WorkerRig, workerProgram } from '../../support/worker-rig.ts';

const lab = inject('lab');

describe.skipIf(lab === null)('the worker in one file', () => {
  it('needs nothing beside it but what Node brings', () => {
    const names = [...readFileSync(workerProgram, 'utf8').matchAll(/^import .* from "([^"]+)";$/gm)].map(
      (match) => match[1],
    );
    expect(names.length).toBeGreaterThan(3);
    expect(names.filter((name) => !isBuiltin(name ?? ''))).toEqual([]);
  });

  it('reads frames and answers in a confined container', async () => {
    if (lab === null) return;
    const client = clientOf(lab.dockerSocket);
    const rig = new WorkerRig();
    const name = 'cosmos-bundle-test';
    try {
      // As on a host, where the root folder belongs to whom the container runs as.
      mkdirSync(rig.runFolder, { recursive: true });
      for (const name of ['cache', 'incoming', 'objects', 'slots'])
        mkdirSync(join(rig.root, name), { recursive: true });
      const task = sampleTask('a robot waits at the door', rig.addHint());
      const manifest = rig.writeManifest(0, sampleEngine(null, { kind: 'describe', model: 'describe' }), [
        [task],
      ]);
      execFileSync('chown', ['-R', '1234:2345', rig.root]);
      chmodSync(rig.root, 0o700);
      const { options } = slotContainerSpec({
        rootPath: rig.root,
        slotId: 0,
        imageId: lab.image,
        user: { uid: 1234, gid: 2345 },
        gpuIds: [],
        network: 'none',
        models: null,
        modelProgram: null,
        idleTimeoutMs: 60_000,
      });
      const ofOneRun = { ...options, Cmd: ['--root', '/cosmos', '--run', 'run-1', '--worker', '0'] };
      expect(await createContainer(client, name, ofOneRun)).toBe('created');
      await startContainer(client, name);
      await waitFor(async () => (await rig.get('/healthz')).status === 200);
      expect((await rig.submit(manifest)).status).toBe(202);
      const [result] = await rig.results([task]);
      expect(result, await readLog(client, name, 20)).toMatchObject({ status: 'ok', frames_used: 2 });
      expect(result?.text).toContain('robot');
    } finally {
      await removeContainer(client, name);
      await rig.close();
    }
  });
});
