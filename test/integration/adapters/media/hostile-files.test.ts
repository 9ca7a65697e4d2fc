import { execFile } from 'node:child_process';
import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { FfmpegMediaTool } from '../../../../src/adapters/media/ffmpeg-media-tool.ts';
import { clipThatClaims } from '../../../support/claimed-size.ts';
import { makeClip } from '../../../support/clips.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const folder = await temporaryFolder();
const tool = new FfmpegMediaTool({ hintFolder: join(folder, 'hints') });
const size = { width: 320, height: 180 };

const portableNames = [
  'spaces and more  spaces.mp4',
  "it's quoted.mp4",
  '-y.mp4',
  '--help',
  '%03d.mp4',
  'frame%d',
  'ünïcödé 日本語 🎬.mp4',
  '$(touch pwned) `touch pwned`; touch pwned.mp4',
  'a,b;c[d]=e.mp4',
  '#fragment?query=1.mp4',
  'no ending',
  '{a,b}.mp4',
];
const posixNames = [
  'line\nbreak.mp4',
  'tab\tand bell\u0007.mp4',
  '"double".mp4',
  'back\\slash.mp4',
  'file:nested.mp4',
  'http:__example.mp4',
  'concat:a|b.mp4',
  'pipe:0',
  'a|b.mp4',
  'star*.mp4',
];
const names = process.platform === 'win32' ? portableNames : [...portableNames, ...posixNames];

describe('a name is only a name', () => {
  it.each(names)('%j', async (name) => {
    const place = join(folder, 'names');
    const clip = await makeClip(join(folder, 'source.mkv'));
    await mkdir(place, { recursive: true });
    const path = join(place, name);
    await copyFile(clip, path);
    const before = await readdir(place);
    const video = await tool.probe(path);
    expect(video).toMatchObject({ ...size, frames: 30 });
    const hint = await tool.makeHint({ sourcePath: path, video, size, frames: 2, fps: 2 });
    expect(hint.frames).toBe(2);
    expect(await readdir(place)).toEqual(before);
  });

  it('is not a pattern for a sequence of pictures', async () => {
    const clip = { frames: 1, codec: 'mjpeg', outputOptions: ['-f', 'image2'] } as const;
    for (const name of ['000.jpg', '001.jpg']) await makeClip(join(folder, name), clip);
    await expect(tool.probe(join(folder, '%03d.jpg'))).rejects.toThrow(/it does not exist/);
    await copyFile(join(folder, '000.jpg'), join(folder, '%03d.jpg'));
    await expect(tool.probe(join(folder, '%03d.jpg'))).rejects.toThrow(/not a video/);
  });

  it('works for a path that is relative and begins with a dash', async () => {
    const script = `
      import { FfmpegMediaTool } from ${JSON.stringify(new URL('../../../../src/adapters/media/ffmpeg-media-tool.ts', import.meta.url).href)};
      console.log((await new FfmpegMediaTool({ hintFolder: '-hints' }).probe('-i.mkv')).frames);`;
    await makeClip(join(folder, '-i.mkv'));
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      cwd: folder,
    });
    expect(stdout.trim()).toBe('30');
  });
});

describe('pictures that claim to be huge are not decoded', () => {
  const huge = { width: 12_000, height: 9_000 };
  const refusal = { code: 'video-unreadable', message: expect.stringContaining('12000x9000') };

  it('beyond what ffmpeg takes itself', async () => {
    const path = await clipThatClaims(join(folder, 'all.mkv'), { width: 30_000, height: 30_000 }, () => true);
    await expect(tool.probe(path)).rejects.toMatchObject({
      code: 'video-unreadable',
      message: expect.stringContaining('it has a frame of 30000x30000, and none larger than'),
    });
  });

  it.each([
    { what: 'from the first one on', claims: () => true },
    { what: 'in the middle', claims: (frame: number) => frame === 3 },
  ])('$what', async ({ what, claims }) => {
    const path = await clipThatClaims(join(folder, `${what}.mkv`), huge, claims);
    const video = { width: 64, height: 36, frames: 6, durationSeconds: 0.2, frameRate: 30 };
    const hint = { width: 64, height: 36 };
    const request = { sourcePath: path, video, size: hint, frames: 6, fps: 30 };
    await expect(tool.makeHint(request)).rejects.toMatchObject(refusal);
  });

  it('8K is decoded, deep colours too', async () => {
    const eight = {
      width: 7680,
      height: 4320,
      frames: 1,
      codec: 'ffv1',
      pixelFormat: 'yuv420p10le',
    } as const;
    const path = await makeClip(join(folder, '8k.mkv'), { ...eight, pattern: 'red' });
    // Shown far smaller than it is stored: only ffmpeg itself notices.
    const video = { ...(await tool.probe(path)), width: 64, height: 36 };
    const hint = await tool.makeHint({ sourcePath: path, video, size, frames: 1, fps: 30 });
    expect(hint).toMatchObject({ ...size, frames: 1 });
  });
});

describe('a file that names other files opens none of them', () => {
  const target = () => makeClip(join(folder, 'secret.ts'), { codec: 'h264' });
  const header = '#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n#EXTINF:1.0,\n';

  it.each([
    { rule: 'an HLS playlist', content: (path: string) => `${header}${path}\n#EXT-X-ENDLIST\n` },
    { rule: 'a concat script', content: (path: string) => `ffconcat version 1.0\nfile '${path}'\n` },
    {
      rule: 'an SDP session',
      content: () => 'v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nt=0 0\nm=video 5004 RTP/AVP 96\n',
    },
    {
      rule: 'a DASH manifest',
      content: (path: string) =>
        `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>${path}</BaseURL></MPD>`,
    },
    {
      rule: 'an SVG picture',
      content: (path: string) => `<svg xmlns="http://www.w3.org/2000/svg"><image href="${path}"/></svg>`,
    },
  ])('$rule', async ({ content }) => {
    for (const ending of ['mp4', 'm3u8', 'ffconcat']) {
      const path = join(folder, `playlist.${ending}`);
      await writeFile(path, content(await target()));
      await expect(tool.probe(path)).rejects.toMatchObject({ code: 'video-unreadable' });
      const video = { ...size, frames: 30, durationSeconds: 1, frameRate: 30 };
      const making = tool.makeHint({ sourcePath: path, video, size, frames: 2, fps: 2 });
      await expect(making).rejects.toMatchObject({ code: 'video-unreadable' });
    }
  });

  it('and asks no server', async () => {
    let requests = 0;
    const server = createServer((_, response) => {
      requests++;
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a.ts`;
      const path = join(folder, 'remote.mp4');
      await writeFile(path, `${header}${url}\n#EXT-X-ENDLIST\n`);
      await expect(tool.probe(path)).rejects.toMatchObject({ code: 'video-unreadable' });
      await expect(tool.probe(url)).rejects.toThrow(/it does not exist/);
      expect(requests).toBe(0);
    } finally {
      server.close();
    }
  });
});

it.skipIf(process.platform === 'win32')('a named pipe is refused instead of waited for', async () => {
  const path = join(folder, 'pipe.mp4');
  await promisify(execFile)('mkfifo', [path]);
  await expect(tool.probe(path)).rejects.toThrow(/it is a named pipe, not a file/);
});
