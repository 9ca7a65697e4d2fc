import { stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { hashFile } from '../../../../src/adapters/files/hash-file.ts';
import { LocalObjectStore } from '../../../../src/adapters/local-host/local-host.ts';
import { makeClip } from '../../../support/clips.ts';
import { describeHost } from '../../../support/contracts/host-contract.ts';
import { describeSegments } from '../../../support/contracts/segment-contract.ts';
import { createLocalBench } from '../../../support/local-bench.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { waitFor } from '../../../support/wait-for.ts';

const folder = await temporaryFolder();

describeHost('LocalHost', createLocalBench, () =>
  makeClip(join(folder, 'hint.mp4'), { width: 64, height: 36, frames: 2, fps: 2, codec: 'mjpeg' }),
);

describeSegments('LocalHost', createLocalBench);

it('keeps an object that is needed again young, and the file of the user that it is a second name of as old as it is', async () => {
  const path = await makeClip(join(folder, 'old.mp4'), { width: 64, height: 36, frames: 2, fps: 2, seed: 7 });
  const longAgo = new Date('2020-01-01T00:00:00Z');
  await utimes(path, longAgo, longAgo);
  const sha256 = await hashFile(path);
  const root = join(folder, 'root');
  const store = new LocalObjectStore(root);
  const { size: sizeBytes } = await stat(path);
  await store.deliver([{ path, sha256, sizeBytes }]);
  const before = await stat(path);
  const objectPath = join(root, 'objects', sha256);
  // Clocks of files are coarse.
  await waitFor(async () => {
    expect([...(await store.missing([sha256]))]).toEqual([]);
    return (await stat(objectPath)).ctimeMs > before.ctimeMs;
  });
  const after = await stat(objectPath);
  expect([after.ino, after.mtimeMs]).toEqual([before.ino, longAgo.getTime()]);
});
