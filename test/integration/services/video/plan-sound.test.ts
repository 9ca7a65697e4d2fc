import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { assembleVideo } from '../../../../src/adapters/video/assembly/assemble.ts';
import { FfmpegVideoTool } from '../../../../src/adapters/video/ffmpeg-video-tool.ts';
import { containerOf } from '../../../../src/core/frames/container-limits.ts';
import type { StreamPlan } from '../../../../src/core/frames/stream-plan.ts';
import { planTriedStreams } from '../../../../src/services/video/plan-sound.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { noAbort } from '../../adapters/frames/rig.ts';
import { makeRequest } from '../../adapters/video/assembly/assembly-rig.ts';
import { ffmpeg, ffprobe } from '../../adapters/video/assembly/ffmpeg-runs.ts';

const folder = await temporaryFolder();
const tool = new FfmpegVideoTool();

/** A source whose channels all sound different, half a second longer than what is tried. */
async function filmOf(name: string, layout: string | number, options: readonly string[]): Promise<string> {
  const path = join(folder, name);
  const isCount = typeof layout === 'number';
  const channels = isCount ? layout : (channelsOf[layout] ?? 2);
  const noise = Array.from(
    { length: channels },
    (_, channel) => `0.${channel % 9}1*(random(${channel})-0.5)`,
  );
  const sound = `aevalsrc=${noise.join('|')}:s=48000:d=1.5${isCount ? '' : `:c=${layout}`}`;
  const video = ['-c:v', name.endsWith('.flv') ? 'flv' : 'libx264', '-preset', 'ultrafast'];
  const inputs = ['-f', 'lavfi', '-i', 'testsrc2=s=96x54:r=25:d=1.5', '-f', 'lavfi', '-i', sound];
  await ffmpeg(...inputs, '-map', '0', '-map', '1', ...video, '-strict', 'experimental', ...options, path);
  return path;
}

const channelsOf: Readonly<Record<string, number>> = {
  mono: 1,
  stereo: 2,
  quad: 4,
  '5.1': 6,
  '5.1(side)': 6,
  '7.1': 8,
  '7.1(wide)': 8,
};

async function planOf(path: string, output: string): Promise<StreamPlan[]> {
  const container = containerOf(output) ?? 'mkv';
  return await planTriedStreams(path, await tool.inspect(path), container, { video: tool }, noAbort);
}

/** Puts the source together, with the sound as it was planned; gives the path and the plan. */
async function assemble(
  path: string,
  output: string,
  change: (plan: StreamPlan) => StreamPlan = (plan) => plan,
) {
  const work = join(folder, `work-${path.split('/').at(-1)}-${output}`);
  const made = await makeRequest(path, join(folder, output), work);
  const streams = (await planOf(path, output)).map(change);
  const source = { path, facts: await tool.inspect(path) };
  await assembleVideo({ ...made, source, streams }, () => undefined);
  return { path: made.outputPath, plan: streams[0] };
}

/** A hash of all samples. */
async function samplesOf(path: string): Promise<string> {
  return await ffmpeg('-i', path, '-map', '0:a', '-c:a', 'pcm_f64le', '-f', 'hash', '-hash', 'md5', '-');
}

async function soundOf(path: string) {
  const { streams } = await ffprobe(path, '-select_streams', 'a', '-show_streams');
  return streams[0];
}

it.each([
  {
    what: '7.1 FLAC',
    name: 'a.mkv',
    layout: '7.1',
    options: ['-c:a', 'flac'],
    output: 'a.mov',
    codec: 'pcm_s24le',
  },
  {
    what: '5.1(side) FLAC',
    name: 'b.mkv',
    layout: '5.1(side)',
    options: ['-c:a', 'flac'],
    output: 'b.mov',
    codec: 'alac',
  },
  {
    what: '7.1 of 16 bits',
    name: 'c.mov',
    layout: '7.1',
    options: ['-c:a', 'pcm_s16le'],
    output: 'c.mp4',
    codec: 'flac',
  },
  {
    what: 'TrueHD',
    name: 'd.mkv',
    layout: '5.1',
    options: ['-c:a', 'truehd'],
    output: 'd.mov',
    codec: 'alac',
  },
  {
    what: 'float WavPack',
    name: 'e.mkv',
    layout: 'quad',
    options: ['-c:a', 'wavpack'],
    output: 'e.mov',
    codec: 'pcm_f32le',
  },
  {
    what: '8 bits',
    name: 'f.mov',
    layout: 'stereo',
    options: ['-c:a', 'pcm_s8'],
    output: 'f.mkv',
    codec: 'flac',
  },
  {
    what: '192 kHz',
    name: 'g.mov',
    layout: 'mono',
    options: ['-c:a', 'pcm_s24le', '-ar', '192000'],
    output: 'g.mp4',
    codec: 'alac',
  },
])('what it calls lossless is: $what to $output', async ({ name, layout, options, output, codec }) => {
  const source = await filmOf(name, layout, options);
  const { path, plan } = await assemble(source, output);
  expect(plan).toMatchObject({ action: 'convert', codec, sound: { isLossless: true } });
  expect(plan?.why).toContain(', which is lossless: ');
  expect(await samplesOf(path)).toBe(await samplesOf(source));
  expect(await soundOf(path)).toMatchObject({ channels: channelsOf[layout] });
});

const speex = ['-c:a', 'libspeex', '-ar', '16000'];
const lossy = 'which is lossy';

it.each([
  { what: 'Speex in FLV', name: 'h.flv', layout: 'mono', options: speex, output: 'h.mp4', loss: '' },
  { what: 'Speex in Matroska', name: 'i.mkv', layout: 'mono', options: speex, output: 'i.mov', loss: '' },
  {
    what: 'Opus without speakers',
    name: 'j.mkv',
    layout: '7.1',
    options: ['-c:a', 'libopus', '-mapping_family', '255'],
    output: 'j.mov',
    loss: '',
  },
  {
    what: 'ADPCM',
    name: 'k.mov',
    layout: 'stereo',
    options: ['-c:a', 'adpcm_ima_qt'],
    output: 'k.mp4',
    loss: '',
  },
  {
    what: 'float PCM',
    name: 'l.mov',
    layout: '7.1',
    options: ['-c:a', 'pcm_f32le'],
    output: 'l.mp4',
    loss: 'which keeps 24 bits of a sample',
  },
  {
    what: '32 bits',
    name: 'm.mkv',
    layout: 'stereo',
    options: ['-c:a', 'pcm_s32le'],
    output: 'm.mp4',
    loss: 'which keeps 24 bits of a sample',
  },
  {
    what: '16 channels',
    name: 'n.mov',
    layout: 16,
    options: ['-c:a', 'pcm_s16le'],
    output: 'n.mp4',
    loss: lossy,
  },
])('keeps channels, rate and length where not the samples: $what to $output', async (given) => {
  const source = await filmOf(given.name, given.layout, given.options);
  const { path, plan } = await assemble(source, given.output);
  expect(plan).toMatchObject({ action: 'convert', sound: { isLossless: false } });
  expect(plan?.why).not.toContain('lossless');
  expect(plan?.why).toContain(given.loss);
  const [before, after] = [await soundOf(source), await soundOf(path)];
  expect(after).toMatchObject({ channels: before && Reflect.get(before, 'channels') });
  expect(after).toMatchObject({ sample_rate: before && Reflect.get(before, 'sample_rate') });
  expect(Number(after?.duration)).toBeCloseTo(1.5, 1);
});

it.each([
  { layout: '5.1(side)', why: null },
  {
    layout: '7.1(wide)',
    why: expect.stringContaining('is copied with its channels as 7.1 instead of 7.1(wide)'),
  },
])('says where Matroska forgets the speakers of PCM: $layout', async ({ layout, why }) => {
  const source = await filmOf(`o-${channelsOf[layout]}.mov`, layout, ['-c:a', 'pcm_s16le']);
  const { path, plan } = await assemble(source, `o-${channelsOf[layout]}.mkv`);
  expect(plan).toMatchObject({ action: 'copy', why });
  expect(await samplesOf(path)).toBe(await samplesOf(source));
});

/** A source whose sound names a codec that its bytes are none of: it is decoded, but not to anything. */
async function undecodable(name: string): Promise<string> {
  const path = await filmOf(name, 'stereo', ['-c:a', 'pcm_s16le']);
  const file = await readFile(path);
  const format = file.indexOf(Buffer.from('0100020080bb0000', 'hex'));
  file.writeUInt16LE(0x402, format);
  await writeFile(path, file);
  return path;
}

it('refuses in the plan what ffmpeg cannot convert, and names a way out', async () => {
  const source = await undecodable('p.avi');
  await expect(planOf(source, 'p.mp4')).rejects.toMatchObject({
    code: 'output-unsupported',
    message: expect.stringMatching(
      /^MP4 cannot hold the audio stream 1 \(iac\) of .*p\.avi, and ffmpeg cannot convert it: /,
    ),
    nextStep: expect.stringContaining('-map 0 -map -0:1 -c copy'),
  });
});

it.each([
  {
    what: 'other channels',
    sound: { channels: 7, layout: '6.1(back)', sampleRate: 48_000, isLossless: false },
  },
  { what: 'another rate', sound: { channels: 2, layout: 'stereo', sampleRate: 44_100, isLossless: false } },
])('gives no name to a video whose sound has $what than was planned', async ({ sound }) => {
  const source = await filmOf('q.mkv', 'stereo', ['-c:a', 'flac']);
  await expect(assemble(source, 'q.mov', (plan) => ({ ...plan, sound }))).rejects.toMatchObject({
    code: 'output-invalid',
    message: expect.stringContaining(
      'the sound of stream 1 of the source has 2 channels (stereo) of 48000 Hz',
    ),
  });
});

it('gives no name to a video whose sound is not lossless though it was to be', async () => {
  const source = await filmOf('r.mov', 'stereo', ['-c:a', 'pcm_f32le']);
  const sound = { channels: 2, layout: 'stereo', sampleRate: 48_000, isLossless: true };
  await expect(assemble(source, 'r.mp4', (plan) => ({ ...plan, sound }))).rejects.toMatchObject({
    code: 'output-invalid',
    message: expect.stringContaining('Stream 1 of the source'),
  });
});
