import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../../support/temporary-folder.ts';
import { assembleChecked, h264, smallClip, soundBehindPicture } from './assemble-checked.ts';
import { ffmpeg, streamHashes } from './ffmpeg-runs.ts';

const folder = await temporaryFolder();

describe('times', () => {
  it.each(['mp4', 'mkv'])('of a variable rate stay what they are in %s', async (ending) => {
    const source = join(folder, `variable.${ending}`);
    const uneven = 'setpts=(N*3+mod(N\\,3)*2+gte(N\\,9)*20)*0.02/TB';
    await ffmpeg(
      ...smallClip,
      '-vf',
      uneven,
      '-fps_mode',
      'vfr',
      '-enc_time_base',
      '1/1000',
      ...h264,
      '-bf',
      '2',
      source,
    );
    const { verified } = await assembleChecked(source, join(folder, `variable.${ending}`));
    expect(verified.maxTimeErrorMs).toBeLessThanOrEqual(ending === 'mp4' ? 0.001 : 1);
  });

  it.each([
    { begins: 'the sound', offsets: ['0.5', '0'], output: 'late-picture.mp4' },
    { begins: 'the picture', offsets: ['0', '0.5'], output: 'late-sound.mkv' },
  ])('stay apart where $begins begins first: $output', async ({ offsets, output }) => {
    const source = join(folder, `source-${output}`);
    await ffmpeg(
      ...[
        '-itsoffset',
        offsets[0] ?? '0',
        ...smallClip,
        '-itsoffset',
        offsets[1] ?? '0',
        '-f',
        'lavfi',
        '-i',
        'sine=d=1',
      ],
      ...['-map', '0', '-map', '1', ...h264, '-c:a', 'aac', source],
    );
    const { request } = await assembleChecked(source, join(folder, output));
    const apart = (await soundBehindPicture(request.outputPath)) - (await soundBehindPicture(source));
    expect(Math.abs(apart)).toBeLessThan(0.0011);
    expect(await streamHashes(request.outputPath, 'a')).toEqual(await streamHashes(source, 'a'));
  });

  it('of a transport stream begin at zero, sound without its headers', async () => {
    const source = join(folder, 'broadcast.ts');
    await ffmpeg(
      ...smallClip,
      '-f',
      'lavfi',
      '-i',
      'sine=d=1.2',
      '-map',
      '0',
      '-map',
      '1',
      ...h264,
      '-c:a',
      'aac',
      source,
    );
    const { request, probe } = await assembleChecked(source, join(folder, 'broadcast.mp4'));
    expect(Number(probe.format.start_time)).toBeCloseTo(0, 3);
    const apart = (await soundBehindPicture(request.outputPath)) - (await soundBehindPicture(source));
    expect(Math.abs(apart)).toBeLessThan(0.0011);
  });

  it('of sound that goes astray on its way are never called verified', async () => {
    // Its clock begins again in the middle: packets are copied to the last byte, and squeezed together.
    const part = join(folder, 'part.ts');
    await ffmpeg(...smallClip, '-f', 'lavfi', '-i', 'sine=d=1.2', ...h264, '-c:a', 'aac', part);
    const source = join(folder, 'twice.ts');
    await writeFile(source, Buffer.concat([await readFile(part), await readFile(part)]));
    await expect(assembleChecked(source, join(folder, 'astray.mp4'))).rejects.toThrow(
      /the audio of stream 1 is up to \d\.\d\d s \w+ than in the source/,
    );
  });
});
