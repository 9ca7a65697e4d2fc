import { expect, it } from 'vitest';
import { containerOf, type OutputContainer } from '../../../../src/core/frames/container-limits.ts';
import { planStreams } from '../../../../src/core/frames/stream-plan.ts';
import type { OtherStreamFacts, VideoFacts } from '../../../../src/core/frames/video-facts.ts';

function planOf(container: OutputContainer, stream: Partial<OtherStreamFacts>) {
  const other = {
    index: 3,
    type: 'audio',
    codec: 'aac',
    language: null,
    isAttachedPicture: false,
    sound: null,
    ...stream,
  } as const;
  const facts = { others: [other], chapters: [] } as unknown as VideoFacts;
  const [plan] = planStreams(facts, container);
  return plan;
}

/** What becomes of a stream in MP4, QuickTime and Matroska: copied, left out, or converted to a codec. */
const table: readonly [OtherStreamFacts['type'], string, string, string, string][] = [
  ['audio', 'aac', 'copy', 'copy', 'copy'],
  ['audio', 'ac3', 'copy', 'copy', 'copy'],
  ['audio', 'opus', 'copy', 'aac', 'copy'],
  ['audio', 'flac', 'copy', 'alac', 'copy'],
  ['audio', 'truehd', 'copy', 'alac', 'copy'],
  ['audio', 'pcm_s16le', 'alac', 'copy', 'copy'],
  ['audio', 'pcm_s24be', 'alac', 'copy', 'copy'],
  ['audio', 'pcm_s8', 'alac', 'copy', 'flac'],
  ['audio', 'wmav2', 'aac', 'aac', 'copy'],
  ['audio', 'atrac3', 'aac', 'aac', 'aac'],
  ['audio', 'unknown', 'drop', 'drop', 'drop'],
  ['subtitle', 'mov_text', 'copy', 'copy', 'srt'],
  ['subtitle', 'subrip', 'mov_text', 'mov_text', 'copy'],
  ['subtitle', 'ass', 'mov_text', 'mov_text', 'copy'],
  ['subtitle', 'webvtt', 'mov_text', 'mov_text', 'copy'],
  ['subtitle', 'hdmv_pgs_subtitle', 'drop', 'drop', 'copy'],
  ['subtitle', 'dvb_subtitle', 'drop', 'drop', 'copy'],
  ['subtitle', 'ttml', 'drop', 'drop', 'drop'],
  ['attachment', 'ttf', 'drop', 'drop', 'copy'],
  ['data', 'tmcd', 'drop', 'copy', 'drop'],
  ['data', 'gpmd', 'copy', 'drop', 'drop'],
  ['video', 'h264', 'copy', 'copy', 'copy'],
  ['video', 'vp8', 'drop', 'drop', 'copy'],
];

it.each(
  table.flatMap(([type, codec, ...fates]) =>
    (['mp4', 'mov', 'mkv'] as const).map((container, at) => ({
      type,
      codec,
      container,
      fate: fates[at] ?? '',
    })),
  ),
)('$codec in $container: $fate', ({ type, codec, container, fate }) => {
  const plan = planOf(container, { type, codec });
  const isConverted = fate !== 'copy' && fate !== 'drop';
  expect(plan).toMatchObject({
    index: 3,
    type,
    action: isConverted ? 'convert' : fate,
    codec: isConverted ? fate : null,
    why: fate === 'copy' ? null : expect.any(String),
  });
});

it.each([
  { container: 'mp4', codec: 'mjpeg', action: 'copy' },
  { container: 'mp4', codec: 'webp', action: 'drop' },
  { container: 'mov', codec: 'mjpeg', action: 'drop' },
  { container: 'mkv', codec: 'png', action: 'copy' },
] as const)('a cover picture as $codec in $container: $action', ({ container, codec, action }) => {
  expect(planOf(container, { type: 'video', codec, isAttachedPicture: true })?.action).toBe(action);
});

it('says which stream it is, and why', () => {
  expect(planOf('mp4', { type: 'subtitle', codec: 'hdmv_pgs_subtitle', language: 'eng' })?.why).toBe(
    'the subtitle stream 3 (eng, hdmv_pgs_subtitle) is left out: MP4 cannot hold this kind of subtitles',
  );
  expect(planOf('mp4', { codec: 'pcm_s16le' })?.why).toBe(
    'the audio stream 3 (pcm_s16le) is converted to ALAC: MP4 cannot hold pcm_s16le',
  );
});

it.each([
  ['a.mp4', 'mp4'],
  ['b.M4V', 'mp4'],
  ['c.tar.mov', 'mov'],
  ['/x.mp4/d.mkv', 'mkv'],
  ['e.avi', null],
  ['mkv', null],
])('the container of %s is %s', (path, container) => {
  expect(containerOf(path)).toBe(container);
});
