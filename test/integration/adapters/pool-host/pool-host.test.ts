import { join } from 'node:path';
import { makeClip } from '../../../support/clips.ts';
import { describeHost } from '../../../support/contracts/host-contract.ts';
import { describeSegments } from '../../../support/contracts/segment-contract.ts';
import { createPoolBench } from '../../../support/pool-bench.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const folder = await temporaryFolder();

describeHost('PoolHost', createPoolBench, () =>
  makeClip(join(folder, 'hint.mp4'), { width: 64, height: 36, frames: 2, fps: 2, codec: 'mjpeg' }),
);

describeSegments('PoolHost', createPoolBench);
