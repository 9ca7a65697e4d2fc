import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { RecentMap } from '../../../../src/async/recent-map.ts';
import { AppError } from '../../../../src/errors/app-error.ts';
import { prepareTask } from '../../../../src/services/upsample/prepare-task.ts';
import { sampleCheckpoint } from '../../../support/sample-checkpoint.ts';

const text = JSON.stringify({ prompt: 'A robot walks.', input_video_path: 'a.mp4' });
const sha256 = createHash('sha256').update(text).digest('hex');
const made = {
  path: '/cache/hint.mp4',
  sha256: 'f'.repeat(64),
  sizeBytes: 9,
  width: 320,
  height: 180,
  frames: 2,
};

/** What preparing these specs asks the media tool and the run's folder for, where the first `failures` hints fail. */
async function prepared(videos: readonly string[], failures = 0) {
  const asked: string[] = [];
  const kept: string[] = [];
  const { settings } = sampleCheckpoint('r');
  const context = {
    session: {
      runId: 'r',
      checkpoint: { input_root: '/specs', settings },
      kept: async () => null,
      keep: async (name: string) => {
        kept.push(name);
        return `/run/${name}`;
      },
    },
    ports: {
      specs: { outputPath: (_: string, spec: string) => spec, read: async () => Buffer.from(text) },
      media: {
        makeHint: async ({ sourcePath }: { sourcePath: string }) => {
          asked.push(sourcePath);
          if (asked.length <= failures) throw new AppError({ code: 'hint-failed', message: 'No.' });
          return made;
        },
      },
    },
    signal: new AbortController().signal,
    hints: new RecentMap(10),
    isAnswered: async () => false,
  };
  const ready: boolean[] = [];
  for (const [index, path] of videos.entries()) {
    const video = { path, width: 320, height: 180, frames: 60, duration_seconds: 2, frame_rate: 30 };
    const planned = {
      spec: `${index}.json`,
      name: 'n',
      sha256,
      action: 'as-is',
      video,
      hint: { width: 320, height: 180, frames: 2 },
    };
    ready.push((await prepareTask({ planned, prepared: null } as never, context as never)).isReady);
  }
  return { asked, kept, ready };
}

it('makes and keeps a hint once for all specs that share it', async () => {
  const { asked, kept, ready } = await prepared(['/a.mp4', '/b.mp4', '/a.mp4', '/a.mp4']);
  expect(ready).toEqual([true, true, true, true]);
  expect(asked).toEqual(['/a.mp4', '/b.mp4']);
  expect(kept).toHaveLength(2);
});

it('tries a hint that failed once more for the next spec', async () => {
  const { asked, ready } = await prepared(['/a.mp4', '/a.mp4'], 1);
  expect(ready).toEqual([false, true]);
  expect(asked).toHaveLength(2);
});
