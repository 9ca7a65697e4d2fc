import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { partPathOf, prepareFolder } from '../../../../src/adapters/video/assembly/assembly-folder.ts';
import { FfmpegVideoTool } from '../../../../src/adapters/video/ffmpeg-video-tool.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const folder = await temporaryFolder();

it('the copy with joined times that a checkpoint names is removed only where such copies are kept', async () => {
  const retimedFolder = join(folder, 'retimed');
  const tool = new FfmpegVideoTool({ retimedFolder });
  await mkdir(retimedFolder);
  const [own, precious] = [join(retimedFolder, 'own.mkv'), join(folder, 'precious')];
  for (const path of [own, precious]) await writeFile(path, 'x');
  for (const path of [own, precious, join(retimedFolder, '..', 'precious')]) await tool.removeRetimed(path);
  expect([existsSync(own), existsSync(precious)]).toEqual([false, true]);
});

it('the unfinished video that a record names is removed only where it is one of this folder', async () => {
  const workFolder = join(folder, 'run', 'assembly');
  const inFolder = (name: string) => join(workFolder, name);
  const paths = {
    request: inFolder('assembly.json'),
    ...{
      verified: inFolder('verified.json'),
      journal: inFolder('samples.bin'),
      first: inFolder('first.mp4'),
    },
    ...{ skeleton: inFolder('streams.mp4'), streams: inFolder('streams.json') },
    part: partPathOf(join(folder, 'new.mp4'), workFolder),
  };
  const own = partPathOf(join(folder, 'old.mp4'), workFolder);
  const others = partPathOf(join(folder, 'old.mp4'), join(folder, 'other', 'assembly'));
  for (const part of [own, others, join(folder, 'precious')]) {
    await writeFile(part, 'x');
    await mkdir(dirname(paths.request), { recursive: true });
    await writeFile(paths.request, JSON.stringify({ version: 1, request: 'of before', part }));
    await prepareFolder(paths, 'of now');
    expect(JSON.parse(await readFile(paths.request, 'utf8'))).toMatchObject({ request: 'of now' });
  }
  expect([own, others, join(folder, 'precious')].map((path) => existsSync(path))).toEqual([
    false,
    true,
    true,
  ]);
});
