import { stat } from 'node:fs/promises';
import { isSameHdr, readHdrMetadata } from '../../../core/encoding/hdr-metadata.ts';
import type { PlannedSound } from '../../../core/frames/convert-sound.ts';
import type { AssemblyRequest, VerifiedVideo } from '../../../ports/video-tool.ts';
import { readPackets } from '../../ffmpeg/ffprobe.ts';
import { limitsFor } from '../../ffmpeg/picture-limits.ts';
import { readLines } from '../../ffmpeg/run-ffmpeg.ts';
import { asFileUrl, guardedInputOptions } from '../../ffmpeg/source-file.ts';
import { secondsSinceFirst } from '../../muxing/presentation.ts';
import { nameOrNull } from '../stream-facts.ts';
import { type FileFacts, type FileStream, readFileFacts, tickSecondsOf } from './file-facts.ts';
import { PacketDigests, VideoPacketCheck } from './packet-checks.ts';
import { readStreamHashes } from './stream-hashes.ts';
import { compareStreamTimes, FileTimes, readSourceTimes } from './stream-times.ts';
import { InvalidOutputError, type Verification } from './verification.ts';

/** Enough to know that it plays. */
const maxDecodedFrames = 24;

/** What is decoded: so many frames from a time on. */
interface Stretch {
  readonly seconds: number;
  readonly frames: number;
  readonly isSought: boolean;
}

/** Clocks of containers round to a millisecond. */
const toleranceSeconds = 0.001;
/** How far the length that the file states may be from what is in it. */
const durationSlackSeconds = 0.1;
const progressEvery = 1_000;

/**
 * Reads the part file through as a player would, and compares: every frame of the video with the sample that went in and
 * the time it should have; every packet of other streams, and all that is said of streams, chapters and tags, with the
 * skeleton, which was compared with the source before.
 *
 * @throws AppError `output-invalid` that names the first difference.
 */
export async function verifyVideo(verification: Verification): Promise<VerifiedVideo> {
  const { request, partPath, skeletonPath, presentation, options } = verification;
  const { size: sizeBytes } = await stat(partPath);
  const [skeleton, output] = await Promise.all([
    readFileFacts(skeletonPath, options),
    readFileFacts(partPath, options),
  ]);
  const video = findVideo(output, verification);
  expectSameFacts(skeleton, output, video.index);
  expectPicture(video, request);
  expectHdr(video, request);
  const decoding = expectDecodable(verification, video);
  decoding.catch(() => undefined);
  const { maxTimeErrorMs, notices } = await comparePackets(verification, output, video, sizeBytes);
  await decoding;
  expectSound(output, request);
  return {
    sizeBytes,
    frames: presentation.sinceFirst.length,
    durationSeconds: expectDuration(verification, skeleton, output),
    maxTimeErrorMs,
    notices,
    streams: {
      copied: request.streams.filter(({ action }) => action === 'copy').length,
      converted: request.streams.filter(({ action }) => action === 'convert').length,
    },
  };
}

/** The upscaled video is the n-th of the streams that show moving pictures, as it is in the source. */
function findVideo({ streams }: FileFacts, { request }: Verification): FileStream {
  const { facts } = request.source;
  const pictures = new Set(facts.others.filter((other) => other.isAttachedPicture).map(({ index }) => index));
  const before = request.streams.filter(
    ({ index, type, action }) =>
      type === 'video' && action !== 'drop' && !pictures.has(index) && index < facts.video.index,
  );
  const video = streams
    .filter((stream) => stream.codec_type === 'video' && stream.disposition['attached_pic'] !== 1)
    .at(before.length);
  if (!video) throw new InvalidOutputError('the video is missing');
  return video;
}

/** Only the video's length may differ, and its rotation, which ffmpeg's versions note in different ways. */
function expectSameFacts(skeleton: FileFacts, output: FileFacts, videoIndex: number): void {
  const streamText = (stream: FileStream | undefined) => {
    if (stream?.index !== videoIndex) return JSON.stringify(stream);
    const { DURATION: _, ...tags } = stream.tags;
    return JSON.stringify({ ...stream, tags, time_base: '', side_data_list: [] });
  };
  for (const stream of skeleton.streams) {
    const found = output.streams.find(({ index }) => index === stream.index);
    if (streamText(found) !== streamText(stream))
      throw new InvalidOutputError(`stream ${stream.index} has wrong metadata`);
  }
  if (output.streams.length !== skeleton.streams.length)
    throw new InvalidOutputError('there is one stream too many');
  if (JSON.stringify(output.chapters) !== JSON.stringify(skeleton.chapters))
    throw new InvalidOutputError('the chapters differ');
  if (JSON.stringify(output.format.tags) !== JSON.stringify(skeleton.format.tags))
    throw new InvalidOutputError('the tags differ');
}

function expectPicture(video: FileStream, { size, isTurned, source }: AssemblyRequest): void {
  if (video['width'] !== size.width || video['height'] !== size.height) {
    throw new InvalidOutputError(
      `its frames are ${video['width']}x${video['height']} instead of ${size.width}x${size.height}`,
    );
  }
  const counterclockwise = video.side_data_list.find(({ rotation }) => rotation !== undefined)?.rotation ?? 0;
  const found = (360 - counterclockwise) % 360;
  const wanted = isTurned ? 0 : source.facts.video.rotationDegrees;
  if (found !== wanted)
    throw new InvalidOutputError(`players rotate it by ${found} degrees instead of ${wanted}`);
}

/** How bright the picture is meant to be stands where players look for it: the transfer function, and HDR's static metadata. */
function expectHdr(video: FileStream, { picture }: AssemblyRequest): void {
  const transfer = picture?.color.transfer ?? null;
  const isHdr = transfer === 'smpte2084' || transfer === 'arib-std-b67';
  if (isHdr && video['color_transfer'] !== transfer)
    throw new InvalidOutputError(
      `its transfer function is ${video['color_transfer']} instead of ${transfer}`,
    );
  if (picture?.hdr && !isSameHdr(readHdrMetadata(video.side_data_list), picture.hdr))
    throw new InvalidOutputError('its HDR metadata differs from that of the source');
}

/** Sound that was converted, or that only the container describes, is what was planned. */
function expectSound({ streams }: FileFacts, { streams: plans }: AssemblyRequest): void {
  const found = streams.filter(({ codec_type: type }) => type === 'audio');
  const planned = plans.filter(({ type, action }) => type === 'audio' && action !== 'drop');
  for (const [position, { index, sound }] of planned.entries()) {
    const stream = found[position];
    if (sound === null) continue;
    const wanted = soundText(sound);
    const layout = nameOrNull(stream?.channel_layout);
    const is = soundText({
      channels: stream?.channels ?? 0,
      layout,
      sampleRate: Number(stream?.sample_rate),
    });
    if (is !== wanted)
      throw new InvalidOutputError(
        `the sound of stream ${index} of the source has ${is} instead of ${wanted}`,
      );
  }
}

function soundText({ channels, layout, sampleRate }: Omit<PlannedSound, 'isLossless'>): string {
  return `${channels} channels (${layout ?? 'no layout'}) of ${sampleRate} Hz`;
}

/** @returns the largest difference of a frame's time, in milliseconds, and what is to be said of other streams. */
async function comparePackets(
  verification: Verification,
  output: FileFacts,
  video: FileStream,
  sizeBytes: number,
): Promise<Pick<VerifiedVideo, 'maxTimeErrorMs' | 'notices'>> {
  const { partPath, options, onProgress, table } = verification;
  // Other files, read beside the one below.
  const reading = readSourceTimes(verification);
  reading.catch(() => undefined);
  const uncompressed = output.streams.filter(({ codec_name }) => codec_name.startsWith('pcm_'));
  const isLoose = new Set(uncompressed.map(({ index }) => index));
  const digesting = digestsOfSkeleton(verification, video, isLoose);
  digesting.catch(() => undefined);
  const found = new PacketDigests(isLoose);
  const times = new FileTimes(verification.firstSeconds);
  const frames = new VideoPacketCheck(verification, tickSecondsOf(video));
  const total = table.sizes.length;
  for await (const packet of readPackets({ path: partPath, sizeBytes, what: 'contents' }, options)) {
    if (packet.stream !== video.index) {
      found.add(packet);
      times.add(packet);
    } else if (frames.add(packet) % progressEvery === 0)
      onProgress({ step: 'verify', done: frames.count, total });
  }
  frames.finish();
  onProgress({ step: 'verify', done: total, total });
  const differing = (await digesting).firstDifference(found);
  if (differing !== null)
    throw new InvalidOutputError(`the packets of stream ${differing} are not those they should be`);
  if (isLoose.size > 0) await compareUncompressed(verification, [...isLoose]);
  const sourceTimes = await reading;
  const notices = sourceTimes ? compareStreamTimes(verification, sourceTimes, times) : [];
  return { maxTimeErrorMs: frames.maxErrorMs, notices };
}

/** Of all streams but the video. */
async function digestsOfSkeleton(
  { skeletonPath: path, options }: Verification,
  video: FileStream,
  isLoose: ReadonlySet<number>,
): Promise<PacketDigests> {
  const digests = new PacketDigests(isLoose);
  const { size: sizeBytes } = await stat(path);
  for await (const packet of readPackets({ path, sizeBytes, what: 'contents' }, options))
    if (packet.stream !== video.index) digests.add(packet);
  return digests;
}

async function compareUncompressed(
  { skeletonPath, partPath, options }: Verification,
  indices: readonly number[],
): Promise<void> {
  const streams = indices.map((index) => ({ specifier: `${index}`, isAac: false, isDecoded: false }));
  const run = { doing: 'Comparing uncompressed sound', workBytes: 0 };
  const expected = await readStreamHashes(skeletonPath, streams, run, options);
  const found = await readStreamHashes(partPath, streams, run, options);
  if (expected.join() !== found.join()) throw new InvalidOutputError('uncompressed sound differs');
}

function expectDuration(verification: Verification, skeleton: FileFacts, output: FileFacts): number {
  const { presentation, firstSeconds } = verification;
  const end = firstSeconds + secondsSinceFirst(presentation, presentation.sinceFirst.length);
  const duration = output.format.duration ?? Number.NaN;
  const longest = Math.max(end, skeleton.format.duration ?? 0);
  const isRight = duration >= end - durationSlackSeconds && duration <= longest + durationSlackSeconds;
  if (!isRight)
    throw new InvalidOutputError(`its stated duration is ${duration} s instead of ${longest.toFixed(3)} s`);
  return duration;
}

/**
 * Decodes the beginning, and the first frames from the last key frame on, both at once: all packets are those of the encoder,
 * so that what is left to be seen is whether players find and understand them.
 */
async function expectDecodable(verification: Verification, stream: FileStream): Promise<void> {
  const { firstSeconds, presentation, table } = verification;
  const { keys, ranks } = table;
  const secondKey = keys.indexOf(1, 1);
  const frames = Math.min(maxDecodedFrames, secondKey === -1 ? keys.length : secondKey);
  const beginning = { seconds: firstSeconds, frames, isSought: false };
  const lastKey = keys.lastIndexOf(1);
  const seconds = firstSeconds + secondsSinceFirst(presentation, ranks[lastKey] ?? 0);
  const last = { seconds, frames: Math.min(maxDecodedFrames, keys.length - lastKey), isSought: true };
  const stretches = lastKey > 0 ? [beginning, last] : [beginning];
  await Promise.all(stretches.map((stretch) => expectFrames(verification, stream, stretch)));
}

async function expectFrames(verification: Verification, stream: FileStream, wanted: Stretch): Promise<void> {
  const { options } = verification;
  const tickSeconds = tickSecondsOf(stream);
  const lines = readLines({
    ...options,
    program: 'ffmpeg',
    arguments: decodeArguments(verification, stream, wanted),
    doing: 'Decoding the finished video',
  });
  let frames = 0;
  for await (const line of lines) {
    // Number of the stream, times of decoding and of showing, and more.
    const time = /^\d+,[^,]*,([^,]*),/.exec(line)?.[1];
    if (time !== undefined && Number(time) * tickSeconds > wanted.seconds - toleranceSeconds) frames += 1;
  }
  if (frames === wanted.frames) return;
  throw new InvalidOutputError(
    `${frames} frames can be decoded from ${wanted.seconds.toFixed(1)} s on instead of ${wanted.frames}`,
  );
}

function decodeArguments(
  { partPath, request }: Verification,
  stream: FileStream,
  wanted: Stretch,
): readonly string[] {
  return [
    ...['-nostdin', '-v', 'error', '-xerror', '-copyts'],
    ...(wanted.isSought ? ['-ss', wanted.seconds.toFixed(6), '-noaccurate_seek'] : []),
    ...[...guardedInputOptions, ...limitsFor(request.size)],
    ...['-i', asFileUrl(partPath), '-map', `0:${stream.index}`],
    ...['-fps_mode', 'passthrough', '-enc_time_base', stream.time_base],
    // A seek may go to an earlier key frame; what is shown from there is none of this stretch.
    ...(wanted.isSought ? ['-vf', `select=gte(t\\,${(wanted.seconds - toleranceSeconds).toFixed(6)})`] : []),
    ...['-frames:v', String(wanted.frames)],
    ...['-f', 'framecrc', 'pipe:1'],
  ];
}
