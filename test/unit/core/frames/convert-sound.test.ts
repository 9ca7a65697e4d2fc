import { expect, it } from 'vitest';
import type { OutputContainer } from '../../../../src/core/frames/container-limits.ts';
import {
  channelsToAskFor,
  isKeptWhole,
  type SoundTrial,
  soundWays,
} from '../../../../src/core/frames/convert-sound.ts';
import { planSound } from '../../../../src/core/frames/stream-plan.ts';
import type { OtherStreamFacts, SoundFacts } from '../../../../src/core/frames/video-facts.ts';

/** A stream of 48 kHz; its sample format and bits are those of its codec's usual decoder. */
function streamOf(codec: string, sound: Partial<SoundFacts> = {}): OtherStreamFacts {
  const usual = { channels: 2, layout: 'stereo', sampleRate: 48_000, sampleFormat: 's16', bits: 16 };
  const rest = { language: null, isAttachedPicture: false, type: 'audio' } as const;
  return { index: 1, codec, sound: { ...usual, ...sound }, ...rest };
}

const float = { sampleFormat: 'fltp', bits: 32 };
const deep = { sampleFormat: 's32', bits: 24 };
const deepest = { sampleFormat: 's32', bits: 32 };

it.each([
  { codec: 'pcm_s16le', sound: {}, mp4: 'alac flac aac', mov: '', mkv: '' },
  { codec: 'flac', sound: deep, mp4: '', mov: 'alac pcm_s24le aac', mkv: '' },
  { codec: 'pcm_f32le', sound: float, mp4: 'alac flac aac', mov: '', mkv: '' },
  { codec: 'wavpack', sound: float, mp4: 'alac flac aac', mov: 'pcm_f32le alac aac', mkv: '' },
  { codec: 'alac', sound: deepest, mp4: '', mov: '', mkv: '' },
  { codec: 'tta', sound: deepest, mp4: 'alac flac aac', mov: 'pcm_s32le alac aac', mkv: '' },
  {
    codec: 'pcm_f16le',
    sound: float,
    mp4: 'alac flac aac',
    mov: 'pcm_f32le alac aac',
    mkv: 'pcm_f32le flac aac',
  },
  { codec: 'speex', sound: float, mp4: 'aac alac flac', mov: 'aac alac pcm_s16le', mkv: '' },
  {
    codec: 'nellymoser',
    sound: float,
    mp4: 'aac alac flac',
    mov: 'aac alac pcm_s16le',
    mkv: 'aac flac pcm_s16le',
  },
  { codec: 'pcm_s16le', sound: { channels: 6 }, mp4: 'alac flac aac', mov: 'copy', mkv: 'copy' },
])('tries what keeps most first: $codec of $sound', ({ codec, sound, ...expected }) => {
  for (const container of ['mp4', 'mov', 'mkv'] as const) {
    const ways = soundWays(streamOf(codec, sound), container).map((way) => way.codec);
    expect(ways.join(' '), container).toBe(expected[container]);
  }
});

/** What is planned when the ways are tried in turn, as far as needed, and come out like this. */
function plan(
  stream: OtherStreamFacts,
  container: OutputContainer,
  trials: Readonly<Record<string, string | Partial<Exclude<SoundTrial, { failure: string }>>>>,
) {
  const { channels = 0, layout = null, sampleRate = 0 } = stream.sound ?? {};
  const tried = [];
  for (const way of soundWays(stream, container)) {
    const given = trials[way.codec];
    if (given === undefined) break;
    const kept = { channels, layout, sampleRate, isEqual: true };
    const one = { way, trial: typeof given === 'string' ? { failure: given } : { ...kept, ...given } };
    tried.push(one);
    if (isKeptWhole(stream, one)) break;
  }
  return planSound(stream, container, tried);
}

const sevenOne = { channels: 8, layout: '7.1' };
const fiveOneSide = { channels: 6, layout: '5.1(side)' };

it.each([
  {
    what: '7.1 goes to the codec that keeps it',
    made: plan(streamOf('flac', { ...deep, ...sevenOne }), 'mov', {
      alac: { channels: 7, layout: '6.1(back)', isEqual: false },
      pcm_s24le: {},
    }),
    codec: 'pcm_s24le',
    isLossless: true,
    why: 'is converted to PCM, which is lossless: QuickTime cannot hold flac',
  },
  {
    what: 'speakers at the sides are those at the back',
    made: plan(streamOf('flac', { ...deep, ...fiveOneSide }), 'mov', { alac: { layout: '5.1' } }),
    codec: 'alac',
    isLossless: true,
    why: 'is converted to ALAC, which is lossless: QuickTime cannot hold flac',
  },
  {
    what: 'float that begins with silence is not lossless in 24 bits',
    made: plan(streamOf('pcm_f32le', float), 'mp4', { alac: {}, flac: {}, aac: { isEqual: false } }),
    codec: 'alac',
    isLossless: false,
    why: 'is converted to ALAC, which keeps 24 bits of a sample: MP4 cannot hold pcm_f32le; .mkv holds it',
  },
  {
    what: 'channels count more than samples',
    made: plan(streamOf('pcm_s16le', { channels: 16, layout: null }), 'mp4', {
      alac: { channels: 8, layout: '7.1(wide)', isEqual: false },
      flac: 'no such layout',
      aac: { isEqual: false },
    }),
    codec: 'aac',
    isLossless: false,
    why: 'is converted to AAC, which is lossy: MP4 cannot hold pcm_s16le; .mkv holds it',
  },
  {
    what: 'a lossy codec that fails is replaced by one without loss, which makes nothing lossless',
    made: plan(streamOf('speex', float), 'mp4', { aac: 'no such layout', alac: { isEqual: false } }),
    codec: 'alac',
    isLossless: false,
    why: 'is converted to ALAC: MP4 cannot hold speex',
  },
  {
    what: 'fewer channels and another rate are said',
    made: plan(streamOf('wmapro', { ...float, ...sevenOne, sampleRate: 192_000 }), 'mp4', {
      aac: { channels: 2, layout: 'stereo', sampleRate: 96_000 },
    }),
    codec: 'aac',
    isLossless: false,
    why: 'is converted to AAC, 2 channels instead of 8, 96000 Hz instead of 192000 Hz: MP4 cannot hold wmapro; .mkv holds it',
  },
  {
    what: 'a copy whose container forgets the speakers',
    made: plan(streamOf('pcm_s16le', { channels: 8, layout: '7.1(wide)' }), 'mkv', {
      copy: { layout: null },
    }),
    codec: null,
    isLossless: false,
    why: 'is copied with its channels as 7.1 instead of 7.1(wide): Matroska cannot store more of pcm_s16le',
  },
])('$what', ({ made, codec, isLossless, why }) => {
  expect(made).toMatchObject({ codec, sound: { isLossless } });
  expect(made?.why?.replace(/^the audio stream 1 \(\w+\) /, '')).toBe(why);
});

it('says nothing of a copy that is whole, and has no plan where nothing works', () => {
  const pcm = streamOf('pcm_s16le', fiveOneSide);
  expect(plan(pcm, 'mkv', { copy: { layout: null } })).toMatchObject({
    action: 'copy',
    codec: null,
    why: null,
  });
  expect(plan(streamOf('atrac3'), 'mkv', { aac: 'no', flac: 'no', pcm_s16le: 'no' })).toBeNull();
});

it.each([
  { layout: null, channels: 1, asked: 1 },
  { layout: '5.1(side)', channels: 6, asked: 6 },
  { layout: 'quad(side)', channels: 4, asked: null },
  { layout: null, channels: 0, asked: null },
])('asks for $asked channels where the file says $layout', ({ asked, ...sound }) => {
  expect(channelsToAskFor(streamOf('speex', sound).sound)).toBe(asked);
});
