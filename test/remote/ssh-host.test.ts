import { join } from 'node:path';
import { describe, inject, it } from 'vitest';
import { makeClip } from '../support/clips.ts';
import { describeHost } from '../support/contracts/host-contract.ts';
import { describeSegments } from '../support/contracts/segment-contract.ts';
import { createRemoteBench } from '../support/lab/remote-bench.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const lab = inject('lab');
const folder = await temporaryFolder();

if (lab === null)
  describe.skip('SshHost as a host', () => it('needs a Docker engine and an sshd', () => undefined));
else {
  describeHost(
    'SshHost',
    () => createRemoteBench(lab),
    () => makeClip(join(folder, 'hint.mp4'), { width: 64, height: 36, frames: 2, fps: 2, codec: 'mjpeg' }),
  );
  describeSegments('SshHost', () => createRemoteBench(lab));
}
