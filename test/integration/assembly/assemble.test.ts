import { randomBytes } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { assembleVideo } from '../../../src/adapters/video/assembly/assemble.ts';
import type { AssemblyRequest } from '../../../src/ports/video-tool.ts';
import { makeClip } from '../../support/clips.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import {
  ffmpeg,
  ffprobe,
  makeRequest,
  namesBeside,
  pictureHashes,
  type RigOptions,
  streamHashes,
} from './assembly-rig.ts';

const folder = await temporaryFolder();
const small = ['-f', 'lavfi', '-i', 'testsrc2=s=96x54:r=24000/1001:d=1.2'];
const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
let cases = 0;

/** Puts a source together, and compares everything that any output must keep. */
async function assemble(source: string, output: string, options: RigOptions = {}) {
  const own = join(folder, `case-${cases++}`);
  await mkdir(own, { recursive: true });
  const request = await makeRequest(source, join(own, output), own, options);
  const pictures = await pictureHashes(...request.segments.map(({ path }) => path));
  const verified = await assembleVideo(request, () => undefined);
  expect(await pictureHashes(request.outputPath)).toEqual(pictures);
  expect(verified.frames).toBe(request.timeline.times.length);
  expect(await namesBeside(request.outputPath)).toEqual([output]);
  expect(await readdir(join(own, 'segments'))).toEqual([]);
  const probe = await ffprobe(request.outputPath, '-show_streams', '-show_format', '-show_chapters');
  const video = probe.streams.find(({ codec_type }) => codec_type === 'video');
  if (!video) throw new Error('no video');
  await expectTimes(request, video.index, output.endsWith('.mkv') ? 1 : 1e-3);
  return { request, verified, probe, video };
}

/** Times of frames relative to each other. */
async function expectTimes(request: AssemblyRequest, index: number, toleranceMs: number) {
  const { packets } = await ffprobe(request.outputPath, '-select_streams', String(index), '-show_packets');
  const { numerator, denominator } = request.source.facts.video.timeBase;
  const wanted = [...request.timeline.times].map(
    (time) => ((time - (request.timeline.times[0] ?? 0)) * numerator) / denominator,
  );
  const found = packets.map(({ pts_time }) => Number(pts_time)).sort((a, b) => a - b);
  expect(found).toHaveLength(wanted.length);
  const errors = found.map((time, frame) => Math.abs(time - (found[0] ?? 0) - (wanted[frame] ?? 0)) * 1000);
  // ffprobe prints whole microseconds.
  expect(Math.max(...errors)).toBeLessThanOrEqual(toleranceMs + 0.0011);
}

/** How much later than the first frame the sound begins, in seconds. */
async function soundBehindPicture(path: string): Promise<number> {
  const { packets } = await ffprobe(path, '-show_entries', 'packet=codec_type,pts_time');
  const firstOf = (type: string) =>
    Math.min(
      ...packets
        .filter((packet) => Reflect.get(packet, 'codec_type') === type)
        .map(({ pts_time }) => Number(pts_time)),
    );
  return firstOf('audio') - firstOf('video');
}

describe('a film with two sounds, subtitles and chapters', () => {
  const source = join(folder, 'film.mkv');
  beforeAll(async () => {
    await writeFile(
      join(folder, 'lines.srt'),
      '1\n00:00:00,200 --> 00:00:00,500\nhello\n\n2\n00:00:00,700 --> 00:00:01,000\nworld\n',
    );
    await writeFile(
      join(folder, 'film.txt'),
      ';FFMETADATA1\ntitle=The film\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=500\ntitle=one\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=500\nEND=1200\ntitle=two\n',
    );
    await ffmpeg(
      ...[...small, '-f', 'lavfi', '-i', 'sine=d=1.2', '-f', 'lavfi', '-i', 'sine=f=900:d=1.2'],
      ...[
        '-i',
        join(folder, 'lines.srt'),
        '-i',
        join(folder, 'film.txt'),
        '-map',
        '0',
        '-map',
        '1',
        '-map',
        '2',
        '-map',
        '3',
      ],
      ...[
        '-map_metadata',
        '4',
        '-map_chapters',
        '4',
        ...h264,
        '-c:a:0',
        'aac',
        '-c:a:1',
        'ac3',
        '-c:s',
        'srt',
      ],
      ...[
        '-metadata:s:a:0',
        'language=deu',
        '-metadata:s:a:1',
        'language=eng',
        '-metadata:s:a:1',
        'title=Comments',
      ],
      ...[
        '-metadata:s:v:0',
        'language=fra',
        '-disposition:a:1',
        'comment',
        '-disposition:v:0',
        'default',
        source,
      ],
    );
  });

  it.each(['film.mp4', 'film.mov', 'film.mkv'])('is whole in %s', async (output) => {
    const { probe, verified, request } = await assemble(source, output);
    const kinds = probe.streams.slice(0, 4).map(({ codec_type }) => codec_type);
    expect(kinds).toEqual(['video', 'audio', 'audio', 'subtitle']);
    expect(await streamHashes(request.outputPath, 'a')).toEqual(await streamHashes(source, 'a'));
    const [video, first, second] = probe.streams;
    expect([first?.tags?.['language'], second?.tags?.['language']]).toEqual(['deu', 'eng']);
    expect(video?.tags?.['language']).toBe('fra');
    if (output.endsWith('.mkv')) expect(video?.avg_frame_rate).toBe('24000/1001');
    // QuickTime has no word for it.
    if (!output.endsWith('.mov')) expect(second?.disposition['comment']).toBe(1);
    expect(probe.chapters.map(({ start_time, tags }) => [Number(start_time), tags?.['title']])).toEqual([
      [0, 'one'],
      [0.5, 'two'],
    ]);
    expect(probe.format.tags?.['title']).toBe('The film');
    expect(verified.streams).toEqual(
      output.endsWith('.mkv') ? { copied: 3, converted: 0 } : { copied: 2, converted: 1 },
    );
    expect(await soundBehindPicture(request.outputPath)).toBeCloseTo(await soundBehindPicture(source), 3);
  });
});

describe('times', () => {
  it.each(['mp4', 'mkv'])('of a variable rate stay what they are in %s', async (ending) => {
    const source = join(folder, `variable.${ending}`);
    const uneven = 'setpts=(N*3+mod(N\\,3)*2+gte(N\\,9)*20)*0.02/TB';
    await ffmpeg(
      ...small,
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
    const { verified } = await assemble(source, `variable.${ending}`);
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
        ...small,
        '-itsoffset',
        offsets[1] ?? '0',
        '-f',
        'lavfi',
        '-i',
        'sine=d=1',
      ],
      ...['-map', '0', '-map', '1', ...h264, '-c:a', 'aac', source],
    );
    const { request } = await assemble(source, output);
    const apart = (await soundBehindPicture(request.outputPath)) - (await soundBehindPicture(source));
    expect(Math.abs(apart)).toBeLessThan(0.0011);
    expect(await streamHashes(request.outputPath, 'a')).toEqual(await streamHashes(source, 'a'));
  });

  it('of a transport stream begin at zero, sound without its headers', async () => {
    const source = join(folder, 'broadcast.ts');
    await ffmpeg(
      ...small,
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
    const { request, probe } = await assemble(source, 'broadcast.mp4');
    expect(Number(probe.format.start_time)).toBeCloseTo(0, 3);
    const apart = (await soundBehindPicture(request.outputPath)) - (await soundBehindPicture(source));
    expect(Math.abs(apart)).toBeLessThan(0.0011);
  });
});

describe('looks', () => {
  it('keeps a rotation as a tag, and none where frames were turned', async () => {
    const source = await makeClip(join(folder, 'phone.mp4'), {
      width: 96,
      height: 54,
      frames: 12,
      rotation: 90,
    });
    const { video } = await assemble(source, 'phone.mp4');
    expect(video.side_data_list?.find(({ rotation }) => rotation !== undefined)?.rotation).toBe(-90);
    const turned = await assemble(source, 'turned.mov', { isTurned: true });
    expect(turned.video.side_data_list?.some(({ rotation }) => rotation)).not.toBe(true);
  });

  it.each(['wide.mp4', 'wide.mkv'])(
    'keeps shape and colours of pixels, 10 bits and 4:2:2, in %s',
    async (output) => {
      const source = join(folder, `source-${output}`);
      await ffmpeg(...small, '-frames:v', '12', ...h264, '-vf', 'setsar=4/3', source);
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
      const { video } = await assemble(source, output, { encoding });
      expect(video).toMatchObject({
        ...{ pix_fmt: 'yuv422p10le', sample_aspect_ratio: '4:3', color_range: 'tv', color_space: 'bt709' },
        ...{ color_primaries: 'bt709', color_transfer: 'bt709', width: 192, height: 108 },
      });
    },
  );

  it.each(['one.mp4', 'one.mkv'])('of a single frame, %s', async (output) => {
    const source = join(folder, `source-${output}`);
    await ffmpeg(...small, '-frames:v', '1', ...h264, source);
    const { verified } = await assemble(source, output);
    expect(verified.durationSeconds).toBeCloseTo(1001 / 24000, 2);
  });
});

describe('other things in the file', () => {
  it('keeps fonts and the cover in mkv', async () => {
    const source = join(folder, 'anime.mkv');
    await writeFile(join(folder, 'font.ttf'), randomBytes(5000));
    await ffmpeg('-f', 'lavfi', '-i', 'color=red:s=32x32', '-frames:v', '1', join(folder, 'cover.png'));
    await ffmpeg(
      ...[
        ...small,
        '-frames:v',
        '12',
        ...h264,
        '-attach',
        join(folder, 'font.ttf'),
        '-attach',
        join(folder, 'cover.png'),
      ],
      ...[
        '-metadata:s:1',
        'mimetype=application/x-truetype-font',
        '-metadata:s:2',
        'mimetype=image/png',
        source,
      ],
    );
    const { probe } = await assemble(source, 'anime.mkv');
    expect(probe.streams.map(({ tags }) => tags?.['filename'] ?? tags?.['FILENAME'])).toContain('font.ttf');
    const cover = probe.streams.find(({ disposition }) => disposition['attached_pic'] === 1);
    expect(cover?.tags?.['filename']).toBe('cover.png');
  });

  it('keeps uncompressed sound and the time code in mov', async () => {
    const source = join(folder, 'camera.mov');
    await ffmpeg(
      ...[
        ...small,
        '-f',
        'lavfi',
        '-i',
        'sine=d=1.2',
        '-map',
        '1',
        '-map',
        '0',
        ...h264,
        '-c:a',
        'pcm_s24le',
      ],
      ...['-timecode', '01:00:00:00', source],
    );
    const { probe, request } = await assemble(source, 'pcm.mov');
    expect(await streamHashes(request.outputPath, 'a')).toEqual(await streamHashes(source, 'a'));
    expect(probe.streams.slice(0, 2).map(({ codec_type }) => codec_type)).toEqual(['audio', 'video']);
    const code = probe.streams.find(({ codec_tag_string }) => codec_tag_string === 'tmcd');
    expect(code?.duration).toBe(probe.streams[1]?.duration);
  });
});
