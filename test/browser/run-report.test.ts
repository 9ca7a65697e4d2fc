import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FfmpegMediaTool } from '../../src/adapters/media/ffmpeg-media-tool.ts';
import { FfmpegVideoTool } from '../../src/adapters/video/ffmpeg-video-tool.ts';
import type {
  InferenceReportHeader,
  InferenceReportItem,
} from '../../src/core/inference/inference-report.ts';
import { renderInferenceReport } from '../../src/output/report/inference/render-inference-report.ts';
import { browserSkipReason } from '../support/browser.ts';
import { sampleRunHeader, sampleRunItem, sampleVideo } from '../support/sample-inference-report.ts';
import { contrasts } from './contrasts.ts';
import { attacks, newPageName, openPage, openSuite, type ReportSuite, shownNames } from './open-report.ts';

const skipReason = browserSkipReason();
const items = [
  sampleRunItem(1, 'prompt-failed'),
  sampleRunItem(2, 'video-failed'),
  sampleRunItem(3, 'waiting'),
  sampleRunItem(4, 'done'),
  sampleRunItem(5, 'done', {
    videos: [
      sampleVideo('kitchen/soft', 'made', {
        warnings: ['the prompt has about 700 tokens'],
        is_prompt_edited: true,
      }),
      sampleVideo('kitchen/strong', 'reused', { run_spec: 'runs/strong.json', guardrails: 'off' }),
    ],
  }),
  sampleRunItem(6, 'left-out'),
];

describe.skipIf(skipReason)(`the page of a run to videos${skipReason ? ` (${skipReason})` : ''}`, () => {
  let suite: ReportSuite;
  let clip: Uint8Array;
  let stills: readonly Uint8Array[];
  beforeAll(async () => {
    suite = await openSuite();
    ({ clip, stills } = await makePreviewOf(await drawVideo(suite.folder), suite.folder));
  });
  afterAll(() => suite[Symbol.asyncDispose]());

  it('plays the first seconds of a video, silently and over and over', async () => {
    const { page, complaints } = await open([sampleRunItem(4, 'done')]);
    const video = page.locator('.video video');
    await video.scrollIntoViewIfNeeded();
    await expect
      .poll(() => video.evaluate((node: HTMLVideoElement) => node.currentTime))
      .toBeGreaterThan(0.2);
    const facts = await video.evaluate((node: HTMLVideoElement) => ({
      ...{ width: node.videoWidth, height: node.videoHeight, seconds: Math.round(node.duration) },
      ...{ isLooped: node.loop, isMuted: node.muted, isPaused: node.paused, hasControls: node.controls },
    }));
    expect(facts).toEqual({
      ...{ width: 320, height: 176, seconds: 5 },
      ...{ isLooped: true, isMuted: true, isPaused: false, hasControls: true },
    });
    expect(stills).toHaveLength(3);
    expect(await page.locator('.stills img').count()).toBe(3);
    const thumb = page.locator('img.thumb');
    expect(await thumb.getAttribute('src')).toBe(`data:image/jpeg;base64,${base64(stills[1])}`);
    expect(complaints).toEqual([]);
  });

  it('moves nothing for a reader who wants no motion, until asked', async () => {
    const { page } = await open([sampleRunItem(4, 'done')]);
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await page.reload();
    const video = page.locator('.video video');
    await video.scrollIntoViewIfNeeded();
    await expect.poll(() => video.evaluate((node: HTMLVideoElement) => node.readyState)).toBeGreaterThan(1);
    expect(await video.evaluate((node: HTMLVideoElement) => [node.paused, node.autoplay])).toEqual([
      true,
      false,
    ]);
    await video.evaluate((node: HTMLVideoElement) => node.play());
    await expect.poll(() => video.evaluate((node: HTMLVideoElement) => node.currentTime)).toBeGreaterThan(0);
  });

  it('shows a frame of a video that cannot be played', async () => {
    const { page } = await open([sampleRunItem(4, 'done')], { clip: new Uint8Array([1, 2, 3]) });
    const image = page.getByRole('img', { name: /^The first seconds of/ });
    await expect.poll(() => image.evaluate((node: HTMLImageElement) => node.naturalWidth)).toBe(320);
    expect(await page.locator('video').count()).toBe(0);
  });

  it('links to each file, also of a video without pictures, and says how many do not play', async () => {
    const { page } = await open(items, { maxClipsBytes: clip.byteLength });
    const hrefs = await page
      .getByRole('link', { name: 'Open the whole video' })
      .evaluateAll((all) => all.map((link) => link.getAttribute('href')));
    expect(hrefs).toEqual([
      'file:///home/you/outputs/videos/mena/souk/0004/take.mp4',
      'file:///home/you/outputs/videos/kitchen/soft.mp4',
      'file:///home/you/outputs/videos/kitchen/strong.mp4',
    ]);
    expect(await page.locator('header').getByText('2 videos do not play here').count()).toBe(1);
    expect(await page.locator('video').count()).toBe(1);
  });

  it('shows failures first, with code, message and next step, without a click', async () => {
    const { page, complaints } = await open(items);
    const rows = page.locator('.spec');
    expect(await rows.nth(0).locator('.badge').first().innerText()).toContain('Prompt failed');
    expect(await rows.nth(1).locator('.failure code').innerText()).toBe('prompt-blocked');
    expect(await rows.nth(1).locator('.next-step').innerText()).toMatch(/^Next: Change the prompt/);
    expect(complaints).toEqual([]);
  });

  it('filters by what is to be done, and searches videos and warnings', async () => {
    const { page } = await open(items);
    await page.getByRole('button', { name: 'Videos failed 1' }).click();
    expect(await shownNames(page)).toEqual(['forest trail 2']);
    await page.getByRole('button', { name: 'Waiting 1' }).click();
    expect(await shownNames(page)).toEqual(['forest trail 2', '城市街道 3']);
    await page.getByRole('button', { name: 'Videos failed 1' }).click();
    await page.getByRole('button', { name: 'Waiting 1' }).click();
    await page.fill('#search', '700 tokens strong.json');
    expect(await shownNames(page)).toEqual(['kitchen 5']);
  });

  it('shows what each video was made with, and what a person should know of it', async () => {
    const { page } = await open(items);
    await page.fill('#search', 'kitchen');
    const row = page.locator('.spec');
    expect(await row.locator('.remark').allInnerTexts()).toEqual([
      'Prompt edited by hand',
      'Made without guardrails',
      '1 warning',
    ]);
    expect(await row.locator('.figures').innerText()).toContain('2 of 2 videos');
    const strong = page.getByRole('region', { name: 'Video kitchen/strong' });
    const text = (await strong.innerText()).replaceAll(/\s+/g, ' ');
    for (const part of [
      'Weight of edge 0.5, made from the video',
      'Steps 35',
      'Guardrails Off',
      'RunSpec runs/strong.json',
      '121 frames at 24 fps (5.0 s)',
    ])
      expect(text).toContain(part);
    expect(await page.locator('.warnings').innerText()).toBe('The prompt has about 700 tokens.');
  });

  it('a key that a video knows itself moves no spec', async () => {
    const { page } = await open(items);
    const video = page.locator('video').first();
    await video.focus();
    await page.keyboard.press('ArrowDown');
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('VIDEO');
  });

  it('shows every text as text and runs none', async () => {
    const hostile = attacks.map((text, index) => hostileItem(index, text));
    const everywhere = attacks.join(' ');
    const header = {
      run_id: everywhere,
      model: everywhere,
      output_dir: everywhere,
      status: 'paused',
    } as const;
    const { page, complaints } = await open(hostile, { header });
    expect(await page.locator('.spec.open').count()).toBe(attacks.length);
    expect(await page.evaluate(() => 'hacked' in window)).toBe(false);
    expect(await page.locator('main :is(svg, iframe)').count()).toBe(0);
    const hrefs = await page
      .locator('main a')
      .evaluateAll((all) => all.map((link) => link.getAttribute('href')));
    expect(hrefs.every((href) => /^file:\/\/\/[!-~]*$/.test(href ?? ''))).toBe(true);
    expect(hrefs).toHaveLength(2 * attacks.length);
    expect(complaints).toEqual([]);
  });

  it.each([
    { rule: 'a narrow phone', width: 320 },
    { rule: 'a wide window', width: 1920 },
  ])('nothing is cut off or scrolls sideways on $rule', async ({ width }) => {
    const long = 'long-name'.repeat(40);
    const { page } = await open([
      sampleRunItem(4, 'done', { videos: [sampleVideo(long, 'made', { negative_prompt: long })] }),
    ]);
    await page.setViewportSize({ width, height: 800 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(
      await page.evaluate(() => document.documentElement.clientWidth),
    );
    const box = await page.locator('.video-pictures').boundingBox();
    expect(box?.width).toBeLessThanOrEqual(321);
  });

  it.each(['light', 'dark'] as const)(
    'every text of the %s theme has a contrast of 4.5 to 1',
    async (scheme) => {
      const { page } = await open(items);
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
      const { checked, poor } = await contrasts(page);
      expect(checked).toBeGreaterThan(100);
      expect(poor).toEqual([]);
    },
  );

  interface Opening {
    readonly header?: Partial<InferenceReportHeader>;
    readonly clip?: Uint8Array;
    readonly maxClipsBytes?: number;
  }

  async function open(
    listed: readonly InferenceReportItem[],
    { header, clip: played = clip, maxClipsBytes = 1e9 }: Opening = {},
  ): Promise<{ page: Page; complaints: string[] }> {
    async function* inTurn() {
      yield* listed;
    }
    const readMedia = async ({ videos }: InferenceReportItem) => ({
      frames: stills.slice(0, 2),
      videos: videos.map(({ file }) => (file ? { stills, clip: played } : { stills: [], clip: null })),
    });
    const limits = {
      maxItems: 100,
      maxFailures: 100,
      maxItemsWithFrames: 100,
      maxFramesBytes: 1e9,
      maxClipsBytes,
    };
    const path = join(suite.folder, `${newPageName()}.html`);
    await writeFile(
      path,
      renderInferenceReport(sampleRunHeader(listed, header), inTurn(), readMedia, limits),
    );
    return await openPage(suite, path);
  }
});

/** Six seconds with sound. */
async function drawVideo(folder: string): Promise<string> {
  const path = join(folder, 'made.mp4');
  const picture = ['-f', 'lavfi', '-i', 'testsrc2=s=1280x704:r=24:d=6'];
  const sound = ['-f', 'lavfi', '-i', 'sine=d=6'];
  const output = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac'];
  await promisify(execFile)('ffmpeg', ['-v', 'error', '-y', ...picture, ...sound, ...output, path]);
  return path;
}

/** As a run makes it. */
async function makePreviewOf(sourcePath: string, folder: string) {
  const paths = { clip: join(folder, 'clip.mp4'), stills: join(folder, 'stills.mp4') };
  await new FfmpegVideoTool().makePreview({
    ...{ sourcePath, durationSeconds: 6, size: { width: 320, height: 176 } },
    ...{ clip: { path: paths.clip, seconds: 5 }, stills: { path: paths.stills, count: 3 } },
  });
  const clip = await readFile(paths.clip);
  expect(clip.includes('mp4a')).toBe(false);
  return { clip, stills: await new FfmpegMediaTool({ hintFolder: folder }).readJpegFrames(paths.stills) };
}

function hostileItem(index: number, text: string): InferenceReportItem {
  const failure = { code: text, message: text, next_step: text };
  const made = sampleVideo(text, 'made');
  const controls = [{ kind: text, weight: 1, path: text }];
  return sampleRunItem(index, 'video-failed', {
    ...{ spec: text, name: text, prompt_before: text, prompt_after: `${text} after`, output: text },
    videos: [
      {
        ...made,
        ...{ file: made.file && { ...made.file, path: text }, run_spec: text, negative_prompt: text },
        ...{ controls, kept_controls: controls, warnings: [text] },
      },
      sampleVideo(text, 'failed', { failure }),
    ],
  });
}

function base64(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('base64');
}
