import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  createDuplicateFinder,
  type DuplicateMode,
} from '../../../../src/core/frames/duplicates/duplicate-finder.ts';
import {
  animated,
  drawScene,
  encodeLossy,
  type LossyEncoding,
  type Scene,
  slow,
} from '../../../support/duplicate-scenes.ts';
import { judgeFinder } from '../../../support/judge-finder.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const folder = await temporaryFolder();
const clip = { width: 192, height: 108 };
const frames = 72;
const hard: LossyEncoding = { crf: 28, preset: 'veryfast' };
const usual: LossyEncoding = { crf: 20, preset: 'medium' };

async function judge(scene: Scene, holdFrames: number, encoding: LossyEncoding, factor = 1) {
  const files = {
    original: join(folder, `${scene.name}.mkv`),
    lossy: join(folder, `${scene.name} lossy.mkv`),
  };
  await drawScene(files.original, scene, { size: clip, holdFrames, frames });
  await encodeLossy(files.original, files.lossy, encoding);
  return await judgeFinder('safe', files, clip, factor);
}

describe('the safe mode in lossy H.264', () => {
  it.each([
    ...animated.map((scene) => ({ scene, encoding: usual })),
    ...animated.slice(0, 2).map((scene) => ({ scene, encoding: hard })),
  ])(
    'finds the duplicates of animation on threes: $scene.name, crf $encoding.crf',
    async ({ scene, encoding }) => {
      const { found, wrong, worstPsnr } = await judge(scene, 3, encoding, 2);
      expect(found / frames).toBeGreaterThanOrEqual(0.6);
      expect(wrong).toBe(0);
      expect(worstPsnr).toBeGreaterThan(40);
    },
  );

  it.each(slow.map((scene, index) => ({ scene, encoding: index % 2 === 0 ? usual : hard })))(
    'takes no small change for a duplicate: $scene.name, crf $encoding.crf',
    async ({ scene, encoding }) => {
      const { wrong, duplicates, worstPsnr } = await judge(scene, 1, encoding);
      expect(wrong / (frames - duplicates)).toBeLessThan(0.1);
      expect(worstPsnr).toBeGreaterThan(40);
    },
  );
});

const size = { width: 20, height: 12 };
const lumaBytes = size.width * size.height;

/** Gray noise that is the same every time, changed by `change`. */
function picture(
  change: (sample: number, at: number) => number = (sample) => sample,
  bytes = lumaBytes * 1.5,
): Uint8Array {
  return new Uint8Array(bytes).map((_, at) => change(64 + ((at * 37) % 64), at));
}

function run(mode: DuplicateMode, pictures: readonly Uint8Array[]): string {
  const finder = createDuplicateFinder(mode, size);
  return pictures
    .map((each) => finder.isDuplicate({ hash: each.join(), picture: mode === 'exact' ? null : each }))
    .map((isDuplicate) => (isDuplicate ? '=' : '|'))
    .join('');
}

describe('every mode', () => {
  const same = picture();
  const speck = picture((sample, at) => (at === 5 ? sample + 1 : sample));
  const other = picture((sample) => sample + 40);

  it.each([
    { mode: 'off' as const, expected: '||||||' },
    { mode: 'exact' as const, expected: '|=||=|' },
    { mode: 'safe' as const, expected: '|==|=|' },
    { mode: 'aggressive' as const, expected: '|==|=|' },
  ])('$mode compares with the last unique frame', ({ mode, expected }) => {
    expect(run(mode, [same, same, speck, other, other, same])).toBe(expected);
  });

  it.each(['safe', 'aggressive'] as const)(
    '%s never takes a change of colour alone for a duplicate',
    (mode) => {
      const colourful = picture((sample, at) => (at >= lumaBytes ? sample + 12 : sample));
      expect(run(mode, [same, colourful, same])).toBe('|||');
    },
  );

  it('sees what grows too slowly to be seen from frame to frame', () => {
    const steps = Array.from({ length: 240 }, (_, step) =>
      picture((sample, at) => sample + (at < step ? 3 : 0)),
    );
    const finder = createDuplicateFinder('safe', size);
    let shown = picture();
    for (const each of steps) {
      if (!finder.isDuplicate({ hash: each.join(), picture: each })) shown = each;
      const squares = each.reduce((sum, sample, at) => sum + (sample - (shown[at] ?? 0)) ** 2, 0);
      expect(squares / each.length).toBeLessThan(0.1);
    }
  });

  it('takes luma alone, sides that are no multiple of a block, and pictures that lie anywhere in memory', () => {
    const large = new Uint8Array(lumaBytes + 3);
    const one = picture(undefined, lumaBytes);
    for (const offset of [0, 1, 2, 3]) {
      large.set(one, offset);
      const moved = large.subarray(offset, offset + lumaBytes);
      expect(run('safe', [one, moved.slice(), moved])).toBe('|==');
      const corner = one.map((sample, at) => (at === lumaBytes - 1 ? sample + 60 : sample));
      expect(run('safe', [one, corner])).toBe('||');
    }
  });

  it('refuses pictures of another size than was said', () => {
    expect(() => run('safe', [new Uint8Array(7)])).toThrow(RangeError);
  });
});
