import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { lstat, mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../src/errors/app-error.ts';
import { partialObserver } from '../../../../src/output/progress/observers.ts';
import type { HintFile, HintRequest, MediaTool } from '../../../../src/ports/media-tool.ts';
import { batchUpsample } from '../../../../src/services/upsample/batch-upsample.ts';
import { hintName } from '../../../../src/services/upsample/prepare-task.ts';
import { MemoryHost, promptWork } from '../../../support/memory-host.ts';
import { sampleSpec, writeSpecs } from '../../../support/spec-builder.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { createTestPorts, silent, testRunSettings } from '../../../support/test-ports.ts';
import { resumeUpsample, upsampleRuns } from '../../../support/upsample-runs.ts';

const never = new AbortController().signal;

/** A media tool without ffmpeg: each video's hint holds its name. */
function fakeMedia(folder: string, trouble: (request: HintRequest) => Promise<void>) {
  const made: string[] = [];
  const media: MediaTool = {
    probe: async () => ({ width: 64, height: 36, frames: 2, durationSeconds: 1, frameRate: 2 }),
    makeHint: async (request): Promise<HintFile> => {
      await trouble(request);
      made.push(request.sourcePath);
      const path = join(folder, `${made.length}.mp4`);
      await writeFile(path, request.sourcePath);
      const sha256 = createHash('sha256').update(request.sourcePath).digest('hex');
      return { path, sha256, sizeBytes: request.sourcePath.length, width: 64, height: 36, frames: 2 };
    },
    decode: async () => Promise.reject(new Error('no video is decoded here')),
    readJpegFrames: async () => [],
    readRgbFrames: async () => [],
  };
  return { media, made };
}

/** Three specs `0.json`, `1.json`, `2.json` with a video each. */
async function newScene(options: {
  readonly trouble?: (request: HintRequest) => Promise<void>;
  readonly onAsked?: (folder: string) => void;
  readonly writeBack?: boolean;
}) {
  const folder = await temporaryFolder();
  const input = join(folder, 'in');
  for (const at of [0, 1, 2]) {
    const spec = sampleSpec({ prompt: `A mill number ${at}`, input_video_path: `${at}.mp4` });
    await writeSpecs(input, { [`${at}.json`]: spec, [`${at}.mp4`]: 'video' });
  }
  const work = promptWork(({ prompt }) => {
    if (prompt.endsWith('1')) options.onAsked?.(input);
    return `A long text about ${prompt}`;
  });
  const host = new MemoryHost(work);
  const { media, made } = fakeMedia(folder, options.trouble ?? (async () => undefined));
  const ports = { ...createTestPorts(folder, host), media };
  const change = { write_back: options.writeBack ?? false };
  const settings = testRunSettings(folder, { upsampling: { batch_size: 1 } }, change);
  return { folder, input, host, ports, made, request: { inputs: [input], settings, excluded: [] } };
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: no luck, open 'x'`), { code, syscall: 'open' });
}

async function failOn1(request: HintRequest, error: Error): Promise<void> {
  if (request.sourcePath.endsWith('1.mp4')) throw error;
}

function replaceByFolder(path: string): void {
  rmSync(path);
  mkdirSync(path);
}

describe('one spec fails, and the others do not, when', () => {
  it.each(['EACCES', 'EIO', 'EISDIR', 'ENOENT'])('its hint ends with %s', async (code) => {
    const scene = await newScene({ trouble: (request) => failOn1(request, systemError(code)) });
    const { summary, error } = await batchUpsample(scene.request, scene.ports, silent, never);
    expect(error).toBeNull();
    expect(summary.counts).toMatchObject({ upsampled: 2, failed: 1 });
    expect(summary.failures[0]).toMatchObject({ spec: '1.json', code: 'hint-failed' });
    expect(summary.failures[0]?.message).toContain(code);
  });

  it('its hint vanished from the cache', async () => {
    const scene = await newScene({});
    const makeHint: MediaTool['makeHint'] = async (request) => {
      const hint = await scene.ports.media.makeHint(request);
      if (request.sourcePath.endsWith('1.mp4')) await rm(hint.path);
      return hint;
    };
    const ports = { ...scene.ports, media: { ...scene.ports.media, makeHint } };
    const { summary, error } = await batchUpsample(scene.request, ports, silent, never);
    expect(error).toBeNull();
    expect(summary.failures).toMatchObject([{ spec: '1.json', code: 'hint-failed' }]);
  });

  it('its file becomes a folder before it is prepared', async () => {
    const scene = await newScene({});
    const observer = partialObserver({ onBegin: () => replaceByFolder(join(scene.input, '1.json')) });
    const { summary, error } = await batchUpsample(scene.request, scene.ports, observer, never);
    expect(error).toBeNull();
    expect(summary.counts).toMatchObject({ upsampled: 2, failed: 1 });
    expect(summary.failures).toMatchObject([{ spec: '1.json', code: 'spec-changed' }]);
    expect(summary.failures[0]?.message).toContain('can no longer be read');
  });

  it('its file becomes a folder while it is worked on, and is to be written back', async () => {
    const scene = await newScene({ onAsked: (input) => replaceByFolder(join(input, '1.json')) });
    const request = { ...scene.request, settings: { ...scene.request.settings, write_back: true } };
    const { summary, error } = await batchUpsample(request, scene.ports, silent, never);
    expect(error).toBeNull();
    expect(summary.failures).toMatchObject([{ spec: '1.json', code: 'spec-changed' }]);
  });

  it('not when its file changes while it is worked on: the spec is enriched as it was prepared', async () => {
    const scene = await newScene({ onAsked: (input) => replaceByFolder(join(input, '1.json')) });
    const { summary } = await batchUpsample(scene.request, scene.ports, silent, never);
    expect(summary.counts).toMatchObject({ upsampled: 3, failed: 0 });
  });

  it.each([
    { rule: 'is not UTF-8', content: Buffer.from('{"prompt":"caf\xe9"}', 'latin1'), named: 'is not UTF-8' },
    { rule: 'is far too large', content: Buffer.alloc(17 * 1024 * 1024, ' '), named: 'larger than 16 MiB' },
  ])('its file $rule', async ({ content, named }) => {
    const scene = await newScene({});
    await writeFile(join(scene.input, '1.json'), content);
    const { summary } = await batchUpsample(scene.request, scene.ports, silent, never);
    expect(summary.counts).toMatchObject({ upsampled: 2, failed: 1 });
    expect(summary.failures).toMatchObject([{ spec: '1.json', code: 'spec-invalid' }]);
    expect(summary.failures[0]?.message).toContain(named);
    expect((await readFile(join(scene.input, '1.json'))).equals(content)).toBe(true);
  });
});

describe('a run stops', () => {
  it('on a full disk, and can be resumed', async () => {
    let isFull = true;
    const full = new AppError({ code: 'disk-full', message: 'full' });
    const scene = await newScene({
      trouble: async (request) => (isFull ? failOn1(request, full) : undefined),
    });
    const { error } = await batchUpsample(scene.request, scene.ports, silent, never);
    expect(error).toMatchObject({ code: 'disk-full' });
    isFull = false;
    const { summary } = await resumeUpsample({}, scene.ports, silent, never);
    expect(summary.counts).toMatchObject({ failed: 0 });
  });

  it('on a bug', async () => {
    const scene = await newScene({ trouble: (request) => failOn1(request, new TypeError('a bug')) });
    await expect(batchUpsample(scene.request, scene.ports, silent, never)).rejects.toThrow('a bug');
  });
});

describe('a hint of the run that was damaged', () => {
  it.each(['', 'other'])('to %j is made again by the next session', async (damage) => {
    const scene = await newScene({});
    const stop = new AbortController();
    const observer = partialObserver({
      onEvent: (event) => event.type === 'task-prepared' && stop.abort(new Error('stop')),
    });
    await batchUpsample(scene.request, scene.ports, observer, stop.signal).catch(() => undefined);
    const { events, paths } = await upsampleRuns(scene.ports.runs).read('latest');
    const prepared = [...events].find((event) => event.type === 'task-prepared');
    const sha256 = prepared?.hint?.sha256 ?? '';
    await rm(paths.inside(hintName(sha256)));
    await writeFile(paths.inside(hintName(sha256)), damage);
    const { summary } = await resumeUpsample({}, scene.ports, silent, never);
    expect(summary.counts).toMatchObject({ upsampled: 3, failed: 0 });
    expect(await readFile(paths.inside(hintName(sha256)), 'utf8')).toBe(
      join(scene.input, prepared?.spec ?? '').replace('json', 'mp4'),
    );
    expect(scene.host.asked).toHaveLength(3);
  });

  it('or not, is not made again for nothing', async () => {
    const scene = await newScene({});
    const stop = new AbortController();
    const observer = partialObserver({
      onEvent: (event) => event.type === 'batch-submitted' && stop.abort(new Error('stop')),
    });
    await batchUpsample(scene.request, scene.ports, observer, stop.signal).catch(() => undefined);
    const { events } = await upsampleRuns(scene.ports.runs).read('latest');
    const kept = [...events].flatMap((event) => (event.type === 'task-prepared' ? [event.spec] : []));
    // Planning asks for the first hints too; a real tool has what was made before.
    const madeOf = (spec: string) =>
      scene.made.filter((path) => path === join(scene.input, spec.replace('json', 'mp4'))).length;
    const before = kept.map(madeOf);
    await resumeUpsample({}, scene.ports, silent, never);
    expect(kept).not.toEqual([]);
    expect(kept.map(madeOf)).toEqual(before);
  });
});

describe('the cache of results', () => {
  it('gets an answer when its spec is written', async () => {
    const scene = await newScene({});
    const wereWritten: boolean[] = [];
    const results = {
      get: async () => null,
      put: async () => {
        // Specs are written in whatever order their answers come.
        const written = [0, 1, 2].filter((at) => existsSync(join(scene.folder, 'out', `${at}.json`)));
        wereWritten.push(written.length > wereWritten.length);
      },
    };
    await batchUpsample(scene.request, { ...scene.ports, results }, silent, never);
    expect(wereWritten).toEqual([true, true, true]);
  });

  it('that cannot be used costs nothing', async () => {
    const scene = await newScene({});
    await mkdir(join(scene.folder, 'cache'), { recursive: true });
    await writeFile(join(scene.folder, 'cache', 'results'), 'in the way');
    const { summary, error } = await batchUpsample(scene.request, scene.ports, silent, never);
    expect(error).toBeNull();
    expect(summary.counts).toMatchObject({ upsampled: 3, failed: 0 });
  });
});

describe('--write-back', () => {
  it('writes where the links of sources lead, with the rights the file had', async () => {
    const scene = await newScene({ writeBack: true });
    const real = join(scene.folder, 'real.json');
    const link = join(scene.input, '1.json');
    await writeFile(real, await readFile(link), { mode: 0o600 });
    await rm(link);
    await symlink(real, link);
    const { summary } = await batchUpsample(scene.request, scene.ports, silent, never);
    expect(summary.counts).toMatchObject({ upsampled: 3, failed: 0 });
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect(JSON.parse(await readFile(real, 'utf8'))).toMatchObject({ is_upsampled: true });
    expect((await stat(real)).mode & 0o777).toBe(0o600);
  });
});
