import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeClip } from '../../../../support/clips.ts';
import { temporaryFolder } from '../../../../support/temporary-folder.ts';
import { assembleChecked, h264, smallClip } from './assemble-checked.ts';
import { ffmpeg } from './ffmpeg-runs.ts';

const folder = await temporaryFolder();

describe('looks', () => {
  it('keeps a rotation as a tag, and none where frames were turned', async () => {
    const source = await makeClip(join(folder, 'phone.mp4'), {
      width: 96,
      height: 54,
      frames: 12,
      rotation: 90,
    });
    const { video } = await assembleChecked(source, join(folder, 'phone.mp4'));
    expect(video.side_data_list?.find(({ rotation }) => rotation !== undefined)?.rotation).toBe(-90);
    const turned = await assembleChecked(source, join(folder, 'turned.mov'), { isTurned: true });
    expect(turned.video.side_data_list?.some(({ rotation }) => rotation)).not.toBe(true);
  });

  it.each(['wide.mp4', 'wide.mkv'])(
    'keeps shape and colours of pixels, 10 bits and 4:2:2, in %s',
    async (output) => {
      const source = join(folder, `source-${output}`);
      await ffmpeg(...smallClip, '-frames:v', '12', ...h264, '-vf', 'setsar=4/3', source);
      const colors = [
        '-color_range',
        'tv',
        '-colorspace',
        'bt709',
        '-color_primaries',
        'bt709',
        '-color_trc',
        'bt709',
      ];
      const encoding = ['-pix_fmt', 'yuv422p10le', '-aspect', '192:81', ...colors];
      const { video } = await assembleChecked(source, join(folder, output), { encoding });
      expect(video).toMatchObject({
        ...{ pix_fmt: 'yuv422p10le', sample_aspect_ratio: '4:3', color_range: 'tv', color_space: 'bt709' },
        ...{ color_primaries: 'bt709', color_transfer: 'bt709', width: 192, height: 108 },
      });
    },
  );

  it.each(['one.mp4', 'one.mkv'])('of a single frame, %s', async (output) => {
    const source = join(folder, `source-${output}`);
    await ffmpeg(...smallClip, '-frames:v', '1', ...h264, source);
    const { verified } = await assembleChecked(source, join(folder, output));
    expect(verified.durationSeconds).toBeCloseTo(1001 / 24000, 2);
  });
});
