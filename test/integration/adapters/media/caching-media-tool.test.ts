import {
  appendFile,
  copyFile,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CachingMediaTool, createMediaTool } from '../../../../src/adapters/media/caching-media-tool.ts';
import { FfmpegMediaTool } from '../../../../src/adapters/media/ffmpeg-media-tool.ts';
import type { VideoInfo } from '../../../../src/core/hints/video-info.ts';
import { AppError } from '../../../../src/errors/app-error.ts';
import type { HintFile, HintRequest, MediaTool } from '../../../../src/ports/media-tool.ts';
import { makeClip } from '../../../support/clips.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const root = await temporaryFolder();
const size = { width: 160, height: 90 };
const clipInfo: VideoInfo = { width: 320, height: 180, frames: 30, durationSeconds: 1, frameRate: 30 };
let folders = 0;

/** A new cache folder with a clip beside it, and tools on both that count the work that is really done. */
async function scene() {
  const folder = join(root, String(++folders));
  const path = await makeClip(join(folder, 'clip.mp4'));
  const cache = join(folder, 'cache');
  const request: HintRequest = { sourcePath: path, video: clipInfo, size, frames: 2, fps: 2 };
  const open = (maxSizeBytes?: number) => {
    const inner = new CountingTool(CachingMediaTool.stagingFolderOf(cache));
    const tool = new CachingMediaTool(inner, { folder: cache, ...(maxSizeBytes ? { maxSizeBytes } : {}) });
    return { inner, tool };
  };
  return { folder, path, cache, request, open };
}

class CountingTool extends FfmpegMediaTool {
  probes = 0;
  hints = 0;

  constructor(hintFolder: string) {
    super({ hintFolder });
  }

  override async probe(path: string, signal?: AbortSignal): Promise<VideoInfo> {
    this.probes++;
    return await super.probe(path, signal);
  }

  override async makeHint(request: HintRequest, signal?: AbortSignal): Promise<HintFile> {
    this.hints++;
    return await super.makeHint(request, signal);
  }
}

describe('probes', () => {
  it('are made once for all who ask, and remembered by the next process', async () => {
    const { path, open } = await scene();
    const first = open();
    const answers = await Promise.all(Array.from({ length: 50 }, () => first.tool.probe(path)));
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set([JSON.stringify(clipInfo)]),
    );
    expect(first.inner.probes).toBe(1);
    await first.tool.settled();
    const second = open();
    expect(await second.tool.probe(path)).toEqual(clipInfo);
    expect(second.inner.probes).toBe(0);
  });

  it('do not look at the file again within a process', async () => {
    const { path, open } = await scene();
    const { tool } = open();
    await tool.probe(path);
    await rm(path);
    expect(await tool.probe(path)).toEqual(clipInfo);
  });

  it('are made anew by the next process when the file has changed', async () => {
    const { path, open } = await scene();
    const first = open();
    await first.tool.probe(path);
    await first.tool.settled();
    await makeClip(path, { width: 640, height: 360 });
    expect(await open().tool.probe(path)).toMatchObject({ width: 640, height: 360 });
  });

  it('remember for the process what cannot be read, and not beyond', async () => {
    const { path, open } = await scene();
    await writeFile(path, 'no video');
    const { tool, inner } = open();
    for (let round = 0; round < 3; round++) {
      await expect(tool.probe(path)).rejects.toMatchObject({ code: 'video-unreadable' });
    }
    expect(inner.probes).toBe(1);
    await tool.settled();
    await makeClip(path);
    expect(await open().tool.probe(path)).toEqual(clipInfo);
  });

  it('go on after torn, foreign and impossible lines', async () => {
    const { path, cache, open } = await scene();
    const first = open();
    await first.tool.probe(path);
    await first.tool.settled();
    const log = join(cache, 'probes-v3.jsonl');
    const good = await readFile(log, 'utf8');
    await writeFile(log, `garbage\n["x"]\n["y",{"width":-1}]\n\u0000\u0000\n${good}["torn",{"wid`);
    const second = open();
    expect(await second.tool.probe(path)).toEqual(clipInfo);
    expect(second.inner.probes).toBe(0);
    const other = await makeClip(join(dirname(path), 'other.mp4'), { width: 640, height: 360 });
    await second.tool.probe(other);
    await second.tool.settled();
    const third = open();
    expect(await third.tool.probe(other)).toMatchObject({ width: 640 });
    expect(third.inner.probes).toBe(0);
  });
});

describe('hints', () => {
  it('are made once for all who ask, and found by the next process', async () => {
    const { request, cache, open } = await scene();
    const first = open();
    const made = await Promise.all(Array.from({ length: 20 }, () => first.tool.makeHint(request)));
    expect(first.inner.hints).toBe(1);
    expect(new Set(made.map((hint) => hint.path)).size).toBe(1);
    expect(await readdir(CachingMediaTool.stagingFolderOf(cache))).toEqual([]);
    await first.tool.settled();
    const second = open();
    expect(await second.tool.makeHint(request)).toEqual(made[0]);
    expect(second.inner.hints).toBe(0);
    expect(await second.tool.readJpegFrames(made[0]?.path ?? '')).toHaveLength(2);
  });

  it.each([
    { rule: 'another size', change: { size: { width: 80, height: 44 } } },
    { rule: 'another number of frames', change: { frames: 3 } },
    { rule: 'another rate', change: { fps: 4 } },
  ])('are told apart: $rule', async ({ change }) => {
    const { request, open } = await scene();
    const { tool, inner } = open();
    const one = await tool.makeHint(request);
    const other = await tool.makeHint({ ...request, ...change });
    expect(other.sha256).not.toBe(one.sha256);
    expect(inner.hints).toBe(2);
  });

  it('are made anew when the source has changed', async () => {
    const { request, path, open } = await scene();
    const { tool } = open();
    const before = await tool.makeHint(request);
    await makeClip(path, { pattern: 'bars' });
    expect((await tool.makeHint(request)).sha256).not.toBe(before.sha256);
  });

  it('of a source that changes while it is read are not remembered', async () => {
    const { request, path, cache, open } = await scene();
    const inner = open().inner;
    const meddling: MediaTool = Object.assign(Object.create(inner), {
      makeHint: async (wanted: HintRequest) => {
        const hint = await inner.makeHint(wanted);
        await appendFile(path, 'more');
        return hint;
      },
    });
    const tool = new CachingMediaTool(meddling, { folder: cache });
    expect(await readFile((await tool.makeHint(request)).path)).toBeInstanceOf(Buffer);
    await tool.makeHint(request);
    expect(inner.hints).toBe(2);
  });

  it.each([
    { rule: 'cut short', damage: (path: string) => truncate(path, 1000) },
    { rule: 'one byte changed', damage: flipByte },
    { rule: 'emptied', damage: (path: string) => writeFile(path, '') },
    { rule: 'gone', damage: (path: string) => rm(path) },
  ])('that are damaged are made again: $rule', async ({ damage }) => {
    const { request, open } = await scene();
    const first = open();
    const made = await first.tool.makeHint(request);
    await first.tool.settled();
    await damage(made.path);
    const second = open();
    expect(await second.tool.makeHint(request)).toEqual(made);
    expect(second.inner.hints).toBe(1);
    expect((await readFile(made.path)).length).toBe(made.sizeBytes);
  });

  it('are well when several processes make the same ones', async () => {
    const { request, open } = await scene();
    const tools = Array.from({ length: 4 }, () => open().tool);
    const made = await Promise.all(tools.map((tool) => tool.makeHint(request)));
    for (const hint of made) expect(hint).toEqual(made[0]);
    expect((await readFile(made[0]?.path ?? '')).length).toBe(made[0]?.sizeBytes);
  });

  it('that fail are not remembered', async () => {
    const { request, path, open } = await scene();
    const { tool } = open();
    await writeFile(path, 'no video');
    await expect(tool.makeHint(request)).rejects.toMatchObject({ code: 'video-unreadable' });
    await makeClip(path);
    expect((await tool.makeHint(request)).frames).toBe(2);
  });

  it('tell when their folder may not be written', async () => {
    const { request, folder } = await scene();
    await writeFile(join(folder, 'file'), '');
    const tool = createMediaTool({ folder: join(folder, 'file', 'cache') });
    const error = await tool.makeHint(request).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({ code: 'hint-failed', message: expect.stringContaining('cache') });
  });
});

describe('the size is bounded', () => {
  const hourMs = 3_600_000;

  async function filled(limitFor: (totalBytes: number) => number) {
    const { request, path, cache, open } = await scene();
    const first = open();
    const hints: HintFile[] = [];
    for (const [index, height] of [90, 88, 86, 84, 82].entries()) {
      const hint = await first.tool.makeHint({ ...request, size: { width: 160, height } });
      const usedAt = new Date(Date.now() - (10 - index) * hourMs);
      await utimes(hint.path, usedAt, usedAt);
      hints.push(hint);
    }
    await first.tool.settled();
    const totalBytes = hints.reduce((sum, hint) => sum + hint.sizeBytes, 0);
    return { request, path, cache, hints, later: open(limitFor(totalBytes)) };
  }
  const isThere = async (hint: HintFile) => (await stat(hint.path).catch(() => null)) !== null;
  const presence = (hints: readonly HintFile[]) => Promise.all(hints.map(isThere));

  it('the least recently used hints go, those used now stay', async () => {
    const { request, hints, later } = await filled(() => 1);
    expect(await presence(hints)).toEqual([true, true, true, true, true]);
    // The oldest is used again, and something new comes in.
    await later.tool.makeHint({ ...request, size: { width: 160, height: 90 } });
    await later.tool.makeHint({ ...request, size: { width: 160, height: 60 } });
    await later.tool.settled();
    expect(await presence(hints)).toEqual([true, false, false, false, false]);
  });

  it('no more go than must, the oldest first', async () => {
    const { request, hints, later } = await filled((totalBytes) => totalBytes + 1000);
    await later.tool.makeHint({ ...request, size: { width: 160, height: 60 } });
    await later.tool.settled();
    expect(await presence(hints)).toEqual([false, false, true, true, true]);
  });

  it('hints another process used within the hour stay', async () => {
    const { request, hints, later } = await filled(() => 1);
    const now = new Date();
    await utimes(hints[2]?.path ?? '', now, now);
    await later.tool.makeHint({ ...request, size: { width: 160, height: 60 } });
    await later.tool.settled();
    expect(await presence(hints)).toEqual([false, false, true, false, false]);
  });

  it('leftovers of killed processes are cleared away', async () => {
    const { request, cache, open } = await scene();
    const staging = CachingMediaTool.stagingFolderOf(cache);
    await mkdir(staging, { recursive: true });
    await copyFile(request.sourcePath, join(staging, 'old.mp4'));
    await copyFile(request.sourcePath, join(staging, 'fresh.mp4'));
    const longAgo = new Date(Date.now() - 2 * hourMs);
    await utimes(join(staging, 'old.mp4'), longAgo, longAgo);
    const { tool } = open();
    await tool.makeHint(request);
    await tool.settled();
    expect(await readdir(staging)).toEqual(['fresh.mp4']);
  });
});

async function flipByte(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  await writeFile(path, bytes);
}
