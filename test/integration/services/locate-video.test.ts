import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { LocalSpecStore } from '../../../src/adapters/local-spec-store.ts';
import { locateVideo } from '../../../src/services/specs/locate-video.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** The videos of an enriched spec, whose source lies in `specs/day`, and it itself in `outputs/upsampled/day`. */
it.each([
  { rule: 'from the folder of its source', written: 'clip.mp4', files: ['specs/day/clip.mp4'], found: 0 },
  {
    rule: 'from a folder above its source',
    written: 'videos/clip.mp4',
    files: ['specs/videos/clip.mp4'],
    found: 0,
  },
  { rule: 'from the folder that both lie in', written: 'clip.mp4', files: ['clip.mp4'], found: 0 },
  {
    rule: 'as its source finds it rather than from its own folder',
    written: '../clip.mp4',
    files: ['outputs/upsampled/clip.mp4', 'specs/clip.mp4'],
    found: 1,
  },
  {
    rule: 'from its own folder, where the source is gone',
    written: '../clip.mp4',
    files: ['outputs/upsampled/clip.mp4'],
    found: 0,
  },
  { rule: 'not above the folder that both lie in', written: 'clip.mp4', files: ['../clip.mp4'], found: null },
])('the video of an enriched spec is found $rule', async ({ written, files, found }) => {
  const project = join(await temporaryFolder(), 'project');
  for (const file of files) {
    await mkdir(dirname(join(project, file)), { recursive: true });
    await writeFile(join(project, file), 'a film');
  }
  const inputRoot = join(project, 'outputs', 'upsampled');
  const path = join(inputRoot, 'day', 'a.json');
  const metadata = { upsampling: { source_folder: '../../../specs/day' } };
  const search = { inputRoot, mappedFolders: [], ports: { specs: new LocalSpecStore(join(project, 'no')) } };
  const video = await locateVideo(written, { path }, { prompt: 'Gulls', metadata }, search);
  expect(video?.path ?? null).toBe(found === null ? null : join(project, files[found] ?? ''));
});
