import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { FfmpegFrameTool } from '../../../../../src/adapters/frames/ffmpeg-frame-tool.ts';
import { FfmpegVideoTool } from '../../../../../src/adapters/video/ffmpeg-video-tool.ts';
import { codecFacts, type VideoCodec, videoCodecs } from '../../../../../src/core/encoding/codecs.ts';
import { usualEncoding } from '../../../../../src/core/encoding/encoding-settings.ts';
import { isMatroska, type OutputContainer } from '../../../../../src/core/frames/container-limits.ts';
import type { VideoFacts } from '../../../../../src/core/frames/video-facts.ts';
import type { SegmentTask } from '../../../../../src/protocol/segment.ts';
import { encodingOf } from '../../../../../src/services/video/encoding-of.ts';
import { planClip } from '../../../../../src/services/video/plan-clip.ts';
import { planTriedStreams } from '../../../../../src/services/video/plan-sound.ts';
import { temporaryFolder } from '../../../../support/temporary-folder.ts';
import { ffmpeg, ffprobe } from './ffmpeg-runs.ts';

// Everything that docs/upscale.md offers, really made: of each codec in each container two segments of an HDR10 film with sound.
const pairs = videoCodecs.flatMap((codec) =>
  codecFacts[codec].containers.map((container) => ({ codec, container })),
);
const quickest: Readonly<Record<VideoCodec, string>> = {
  h264: 'ultrafast',
  hevc: 'ultrafast',
  av1: 'ultrafast',
  vp9: 'ultrafast',
  prores: 'proxy',
  ffv1: 'medium',
};
const [frames, segments] = [10, 2];
const frameTicks = 1001;
const rate = 24_000;
const hdr = {
  mastering: {
    red: [34_000, 16_000],
    green: [13_250, 34_500],
    blue: [7500, 3000],
    white: [15_635, 16_450],
    max_luminance: 10_000_000,
    min_luminance: 50,
  },
  content_light: { max: 1000, average: 400 },
};

let folder = '';
let source = '';
let facts: VideoFacts;
const tool = new FfmpegVideoTool();
const { signal } = new AbortController();

beforeAll(async () => {
  folder = await temporaryFolder();
  source = await makeHdrFilm(folder);
  facts = await tool.inspect(source);
});

/** 10 bits, PQ, with the metadata of HDR10 and a second of sound. */
async function makeHdrFilm(place: string): Promise<string> {
  const path = join(place, 'hdr.mp4');
  const display = 'master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)';
  await ffmpeg(
    ...['-f', 'lavfi', '-i', `testsrc2=s=96x64:r=${rate}/${frameTicks}`, '-f', 'lavfi', '-i', 'sine=r=48000'],
    ...['-vf', 'format=yuv420p10le,setparams=color_primaries=9:color_trc=16:colorspace=9:range=tv'],
    ...[
      '-frames:v',
      String(frames),
      '-t',
      '0.6',
      '-c:v',
      'libx265',
      '-preset',
      'ultrafast',
      '-tag:v',
      'hvc1',
    ],
    ...[
      '-x265-params',
      `log-level=error:keyint=5:min-keyint=5:open-gop=0:bframes=0:${display}:max-cll=1000,400`,
    ],
    ...['-video_track_timescale', String(rate), '-c:a', 'aac', path],
  );
  return path;
}

/** The segments of a codec are the same whatever the container: made once. */
const made = new Map<VideoCodec, Promise<readonly string[]>>();
const each = frames / segments;
const times = Float64Array.from({ length: frames }, (_, frame) => frame * frameTicks);

async function makeSegments(
  codec: VideoCodec,
  { clip, encoding }: ReturnType<typeof plan>,
): Promise<string[]> {
  const size = { width: clip.target.width, height: clip.target.height };
  const paths = Array.from({ length: segments }, (_, index) => join(folder, `${codec}-${index}.mp4`));
  for (const [index, path] of paths.entries()) {
    const segment: SegmentTask = {
      ...{ task_key: `${index}`.repeat(64), name: `segment ${index}`, segment_id: index, first_batch: 0 },
      clip: { ...clip, source: '0'.repeat(64) },
      seek_time: index === 0 ? null : (times[index * each] ?? 0),
      first_time: times[index * each] ?? 0,
      end_time: times[(index + 1) * each] ?? null,
      repeats: Array.from({ length: each }, () => 1),
    };
    const request = {
      sourcePath: source,
      segment,
      path,
      encoding: encodingOf(encoding),
      onFrames: () => undefined,
    };
    await new FfmpegFrameTool().resample(request, signal);
    const check = { path, sizeBytes: 1, frames: each, size, codec, isDecoded: false };
    expect(await tool.checkSegment(check)).toBeNull();
  }
  return paths;
}

function plan(codec: VideoCodec, container: OutputContainer) {
  const encoding = { ...usualEncoding, codec, preset: quickest[codec] };
  return planClip(facts, container, { takesRgb: false, scale: 2, size: '', encoding });
}

async function upscale(codec: VideoCodec, container: OutputContainer) {
  const planned = plan(codec, container);
  const { clip, notices } = planned;
  const making = made.get(codec) ?? makeSegments(codec, planned);
  made.set(codec, making);
  const place = join(folder, `${codec}-${container}`);
  await mkdir(place);
  const files = [];
  for (const [index, path] of (await making).entries()) {
    const copy = join(place, `${index}.mp4`);
    await copyFile(path, copy);
    files.push({ path: copy, frames: each });
  }
  const outputPath = join(place, `made.${container}`);
  const streams = await planTriedStreams(source, facts, container, { video: tool }, signal);
  const video = await tool.assemble(
    {
      ...{ source: { path: source, facts }, streams, segments: files, picture: clip },
      ...{ timeline: { times, endTime: frames * frameTicks }, codec, outputPath },
      size: { width: clip.target.width, height: clip.target.height },
      ...{ isTurned: false, workFolder: join(place, 'work'), mayReplace: false },
    },
    () => undefined,
  );
  return { video, outputPath, notices, pixelFormat: clip.target.pixel_format };
}

describe('a video in each codec and container', () => {
  it.each(pairs)('$codec in $container', async ({ codec, container }) => {
    const { video, outputPath, notices, pixelFormat } = await upscale(codec, container);
    expect(notices).toEqual([]);
    expect(video).toMatchObject({ frames, streams: { copied: container === 'webm' ? 0 : 1 } });
    expect(video.maxTimeErrorMs).toBeLessThanOrEqual(isMatroska(container) ? 0.5 : 0.001);
    const { streams } = await ffprobe(outputPath, '-show_streams');
    expect(streams).toMatchObject([
      {
        codec_name: codec,
        ...{ width: 192, height: 128, pix_fmt: pixelFormat },
        ...{ color_primaries: 'bt2020', color_transfer: 'smpte2084', color_space: 'bt2020nc' },
        color_range: 'tv',
      },
      {
        codec_type: 'audio',
        codec_name: container === 'webm' ? expect.stringMatching(/opus|vorbis/) : 'aac',
      },
    ]);
    expect(pixelFormat).toMatch(/10le$/);
    // As `inspect` reads them of any file: of the stream, or of its first frame.
    const { video: found } = await tool.inspect(outputPath);
    expect(found).toMatchObject({ hdr, extras: [] });
  });
});
