import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../../../src/errors/app-error.ts';
import type { MediaTool, RgbFrame } from '../../../../../../src/ports/media-tool.ts';
import { createDescribeEngine } from '../../../../../../src/worker/upsample/engines/describe/describe-engine.ts';
import { askEngine } from '../../../../../support/ask-engine.ts';
import { createRandom, paintFrame, texture } from '../../../../../support/rgb-frames.ts';

const never = new AbortController().signal;
const unused = () => Promise.reject(new Error('not part of this test'));

/** A media tool that knows the frames of hints by path. */
function memoryMedia(readRgbFrames: MediaTool['readRgbFrames']): MediaTool {
  return { probe: unused, decode: unused, makeHint: unused, readJpegFrames: unused, readRgbFrames };
}

function upsample(
  readRgbFrames: MediaTool['readRgbFrames'],
  prompt = 'a robot waits',
  hintPath: string | null = 'hint.mp4',
) {
  const engine = createDescribeEngine(memoryMedia(readRgbFrames));
  return askEngine(engine, { prompt, hintPath, maxOutputTokens: 300 }, never);
}

const frame = paintFrame((x, y) => [texture(x, y), 90, 60]);
const other = paintFrame((x, y) => [texture(x + 0.05, y), 90, 60]);

describe('describe engine', () => {
  it('says what it is and how many frames it read', async () => {
    expect(await upsample(async () => [frame, other])).toMatchObject({
      framesUsed: 2,
      model: 'describe-3',
      promptTokens: null,
      outputTokens: null,
      finishReason: 'stop',
    });
  });

  it('gives the same text for the same input, whatever the attempt and the token limit', async () => {
    const engine = createDescribeEngine(memoryMedia(async () => [frame, other]));
    const ask = (attempt: number, maxOutputTokens: number) =>
      askEngine(engine, { prompt: 'a robot waits', hintPath: 'x', maxOutputTokens }, never, attempt);
    const [first, ...rest] = await Promise.all([ask(1, 300), ask(2, 300), ask(1, 40)]);
    for (const answer of rest) expect(answer.text).toBe(first?.text);
  });

  it('keeps its wording: a change is a new model version', async () => {
    // Whole numbers only: sines may differ in their last bit from machine to machine.
    const ramp = paintFrame((x, y) => [Math.floor(200 * x), Math.floor(120 * y), 60]);
    const brighter = paintFrame((x, y) => [Math.floor(230 * x), Math.floor(140 * y), 80]);
    const { text } = await upsample(async () => [ramp, brighter], 'a robot waits in the kitchen');
    expect(text).toMatchInlineSnapshot(
      `"A robot waits in the kitchen. Dim, moody light settles over the frame, with the brightest area on the right. A saturated, warm range of color leans on red, maroon and deep purple. The light grows gradually during the shot, lifting the entire frame. Clear contrast goes with clean transitions. Light, materials and color match the described scene closely, while every form keeps its place and scale."`,
    );
  });

  it.each(['vis', 'edge', 'seg', 'depth'] as const)(
    'writes something else of the same frames as %s',
    async (kind) => {
      const engine = createDescribeEngine(memoryMedia(async () => [frame, other]));
      const request = { prompt: 'a robot waits', hintPath: 'x', maxOutputTokens: 300 };
      const [plain, mapped] = [
        await askEngine(engine, request, never),
        await askEngine(engine, { ...request, kind }, never),
      ];
      expect(mapped.text).not.toBe(plain.text);
    },
  );

  it('gives another text when one value of one pixel differs', async () => {
    const touched: RgbFrame = { ...frame, data: frame.data.slice() };
    touched.data[5000] = ((touched.data[5000] ?? 0) + 1) % 256;
    const [one, two] = [await upsample(async () => [frame]), await upsample(async () => [touched])];
    expect(two.text).not.toBe(one.text);
  });

  it('tells the same bytes in another shape or order apart', async () => {
    const turned: RgbFrame = { width: frame.height, height: frame.width, data: frame.data };
    const texts = await Promise.all(
      [
        [frame, other],
        [other, frame],
        [turned, other],
      ].map(async (frames) => (await upsample(async () => frames)).text),
    );
    expect(new Set(texts).size).toBe(3);
  });

  it('gives 200 different texts for 200 clips under one prompt', async () => {
    const random = createRandom(11);
    const noise = (): RgbFrame => ({
      width: 16,
      height: 9,
      data: Uint8Array.from({ length: 432 }, () => Math.floor(256 * random())),
    });
    const texts = new Set<string>();
    for (let clip = 0; clip < 200; clip++) texts.add((await upsample(async () => [noise()])).text);
    expect(texts.size).toBe(200);
  });

  it('gives 500 different texts for 500 text-only prompts of one word', async () => {
    const tails = new Set<string>();
    for (let index = 0; index < 500; index++) {
      const { text, framesUsed } = await upsample(unused, `x${index}`, null);
      expect(framesUsed).toBe(0);
      tails.add(text.slice(text.indexOf('.')));
    }
    expect(tails.size).toBe(500);
  });

  it.each([
    {
      rule: 'no frame at all is a permanent failure',
      read: async () => [],
      expected: { code: 'hint-unreadable', class: 'permanent' },
    },
    {
      rule: 'frames without bytes are no frames',
      read: async () => [{ width: 4, height: 4, data: new Uint8Array(3) }],
      expected: { code: 'hint-unreadable', class: 'permanent' },
    },
    {
      rule: 'a damaged hint is a permanent failure',
      read: () => Promise.reject(new AppError({ code: 'video-unreadable', message: 'bad' })),
      expected: { code: 'hint-unreadable', class: 'permanent' },
    },
    {
      rule: 'a full disk may pass',
      read: () => Promise.reject(new AppError({ code: 'disk-full', message: 'full', isRetryable: true })),
      expected: { code: 'engine-failed', class: 'transient' },
    },
    {
      rule: 'without ffmpeg nothing will ever work',
      read: () =>
        Promise.reject(new AppError({ code: 'prerequisite-missing', message: 'ffmpeg is missing' })),
      expected: { code: 'engine-failed', class: 'fatal' },
    },
  ])('$rule', async ({ read, expected }) => {
    await expect(upsample(read)).rejects.toMatchObject({ name: 'EngineError', ...expected });
  });

  it('stops with the reason of the signal', async () => {
    const abort = new AbortController();
    const engine = createDescribeEngine(
      memoryMedia(() => {
        abort.abort(new Error('enough'));
        return Promise.reject(new Error('killed'));
      }),
    );
    const request = { prompt: 'a', hintPath: 'x', maxOutputTokens: 1 };
    await expect(askEngine(engine, request, abort.signal)).rejects.toThrow('enough');
    await expect(askEngine(engine, request, abort.signal)).rejects.toThrow('enough');
  });

  describe('a hint that several prompts share', () => {
    const reading = (...outcomes: Array<readonly RgbFrame[] | Error>) => {
      const media = { reads: 0 };
      const readRgbFrames = async () => {
        const outcome = outcomes[Math.min(media.reads++, outcomes.length - 1)] ?? [];
        if (outcome instanceof Error) throw outcome;
        return outcome;
      };
      return { media, engine: createDescribeEngine(memoryMedia(readRgbFrames)) };
    };
    const request = { prompt: 'a', hintPath: 'x', maxOutputTokens: 1 };

    it('is decoded once, also when they ask at the same time', async () => {
      const { media, engine } = reading([frame, other]);
      const answers = await Promise.all([
        askEngine(engine, request, never),
        askEngine(engine, request, never),
      ]);
      answers.push(await askEngine(engine, request, never));
      expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
      expect(media.reads).toBe(1);
    });

    it('is read again after a failure', async () => {
      const { engine } = reading(new Error('gone'), [frame]);
      await expect(askEngine(engine, request, never)).rejects.toThrow('gone');
      expect(await askEngine(engine, request, never)).toMatchObject({ framesUsed: 1 });
    });

    it("outlives another prompt's abort", async () => {
      const abort = new AbortController();
      const { media, engine } = reading(new Error('killed'), [frame]);
      const ask = await engine.prepare(request, never);
      const aborted = ask(1, abort.signal);
      const waiting = ask(1, never);
      abort.abort(new Error('enough'));
      await expect(aborted).rejects.toThrow('enough');
      expect(await waiting).toMatchObject({ framesUsed: 1 });
      expect(media.reads).toBe(2);
    });
  });
});
