import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../../support/temporary-folder.ts';
import { assembleChecked, h264, smallClip, soundBehindPicture } from './assemble-checked.ts';
import { ffmpeg, streamHashes } from './ffmpeg-runs.ts';

const folder = await temporaryFolder();

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
      ...[...smallClip, '-f', 'lavfi', '-i', 'sine=d=1.2', '-f', 'lavfi', '-i', 'sine=f=900:d=1.2'],
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
    const { probe, verified, request } = await assembleChecked(source, join(folder, output));
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

describe('other things in the file', () => {
  it('keeps fonts and the cover in mkv', async () => {
    const source = join(folder, 'anime.mkv');
    await writeFile(join(folder, 'font.ttf'), randomBytes(5000));
    await ffmpeg('-f', 'lavfi', '-i', 'color=red:s=32x32', '-frames:v', '1', join(folder, 'cover.png'));
    await ffmpeg(
      ...[
        ...smallClip,
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
    const { probe } = await assembleChecked(source, join(folder, 'anime.mkv'));
    expect(probe.streams.map(({ tags }) => tags?.['filename'] ?? tags?.['FILENAME'])).toContain('font.ttf');
    const cover = probe.streams.find(({ disposition }) => disposition['attached_pic'] === 1);
    expect(cover?.tags?.['filename']).toBe('cover.png');
  });

  it('keeps uncompressed sound and the time code in mov', async () => {
    const source = join(folder, 'camera.mov');
    await ffmpeg(
      ...[
        ...smallClip,
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
    const { probe, request } = await assembleChecked(source, join(folder, 'pcm.mov'));
    expect(await streamHashes(request.outputPath, 'a')).toEqual(await streamHashes(source, 'a'));
    expect(probe.streams.slice(0, 2).map(({ codec_type }) => codec_type)).toEqual(['audio', 'video']);
    const code = probe.streams.find(({ codec_tag_string }) => codec_tag_string === 'tmcd');
    expect(code?.duration).toBe(probe.streams[1]?.duration);
  });
});
