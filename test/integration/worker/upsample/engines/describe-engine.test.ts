import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FfmpegMediaTool } from '../../../../../src/adapters/media/ffmpeg-media-tool.ts';
import { fitInside } from '../../../../../src/core/hints/display-size.ts';
import { createDescribeEngine } from '../../../../../src/worker/upsample/engines/describe/describe-engine.ts';
import { askEngine } from '../../../../support/ask-engine.ts';
import { type ClipOptions, makeClip } from '../../../../support/clips.ts';
import { temporaryFolder } from '../../../../support/temporary-folder.ts';

const folder = await temporaryFolder();
const media = new FfmpegMediaTool({ hintFolder: join(folder, 'hints') });
const engine = createDescribeEngine(media);
const never = new AbortController().signal;

async function describeClip(name: string, clip: ClipOptions) {
  const sourcePath = await makeClip(join(folder, `${name}.mp4`), clip);
  const video = await media.probe(sourcePath);
  const size = fitInside(video, { width: 320, height: 180 });
  const hint = await media.makeHint({ sourcePath, video, size, frames: 2, fps: 2 });
  const request = { prompt: 'a robot waits', hintPath: hint.path, maxOutputTokens: 300 };
  return await askEngine(engine, request, never);
}

describe('describe engine on real clips', () => {
  it.each<{ rule: string; clip: ClipOptions; frames: number; says: RegExp }>([
    {
      rule: 'black is called dark, and still',
      clip: { pattern: 'black' },
      frames: 2,
      says: /\. Black .*camera/,
    },
    {
      rule: 'white is called light',
      clip: { pattern: 'white' },
      frames: 2,
      says: /\. White .*(bright|key|pale|light)/i,
    },
    { rule: 'red is named', clip: { pattern: 'red' }, frames: 2, says: /\. Red / },
    {
      rule: 'color bars stand still',
      clip: { pattern: 'bars' },
      frames: 2,
      says: /The camera (holds still|is steady|does not move)/,
    },
    { rule: 'moving shapes move', clip: { pattern: 'moving' }, frames: 2, says: /(movement|motion|change)/i },
    {
      rule: 'noise is busy',
      clip: { pattern: 'noise' },
      frames: 2,
      says: /(strong|restless|energetic) (movement|motion)/i,
    },
    {
      rule: 'one frame',
      clip: { pattern: 'moving', frames: 1 },
      frames: 1,
      says: /^(?!.*(camera|motion|movement))/i,
    },
    { rule: 'portrait', clip: { width: 360, height: 640 }, frames: 2, says: /(movement|motion)/i },
  ])('$rule', async ({ rule, clip, frames, says }) => {
    const { text, framesUsed } = await describeClip(rule.replaceAll(/\W/g, '-'), clip);
    expect(framesUsed).toBe(frames);
    expect(text).toMatch(says);
    expect(text.startsWith('A robot waits. ')).toBe(true);
    const words = text.split(' ').length;
    expect(words).toBeGreaterThanOrEqual(60);
    expect(words).toBeLessThanOrEqual(110);
  });

  it('clips that differ in hue only give different texts; the same clip gives the same', async () => {
    const clips = [1, 2, 3, 4, 5, 1].map((seed, index) => describeClip(`hue-${index}`, { seed }));
    const texts = (await Promise.all(clips)).map(({ text }) => text);
    expect(new Set(texts).size).toBe(5);
    expect(texts[5]).toBe(texts[0]);
  });

  it('a hint that is no video is a permanent failure', async () => {
    const request = { prompt: 'a', hintPath: join(folder, 'nothing.mp4'), maxOutputTokens: 300 };
    await expect(askEngine(engine, request, never)).rejects.toMatchObject({
      code: 'hint-unreadable',
      class: 'permanent',
    });
  });
});
