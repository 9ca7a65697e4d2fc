import { createHash } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { TimeBreak } from '../../core/frames/time-breaks.ts';
import { isTimedStream, type VideoFacts } from '../../core/frames/video-facts.ts';
import type { AppError } from '../../errors/app-error.ts';
import { sumOf } from '../ffmpeg/expression.ts';
import { unreadableVideo } from '../ffmpeg/failures.ts';
import { type FfmpegOptions, ProgramRefusedError, readText } from '../ffmpeg/run-ffmpeg.ts';
import { asFileUrl, identifySource, sourceOptions } from '../ffmpeg/source-file.ts';
import { ownerOnlyFolder, publishFileBy } from '../files/publish-file.ts';
import { unlessMissing } from '../files/unless-missing.ts';
import { indexPackets } from './source-packets.ts';

/** Raised when the copy of the same file is made in another way. */
const recipeVersion = 1;

/** More breaks would make an argument that no system takes. */
const maxBreaks = 1_000;
/** How far the length of the copy may be from what the packets of the source say. */
const slackSeconds = 0.1;

/** A copy of a run that was never resumed would stay for ever; one that is still wanted is made again. */
const keptDays = 30;

/**
 * A file's packets with times that continue where its clock jumps. ffmpeg's own correction is not used: at a jump it goes
 * by whatever packet comes next, and takes the last ones of a part, which may come late, for a break of their own.
 *
 * @returns the path of the copy in `folder`, which may be there already.
 */
export async function retimedCopy(
  folder: string,
  path: string,
  facts: VideoFacts,
  options: FfmpegOptions,
): Promise<string> {
  const format = formats[facts.container];
  if (!format) throw notJoined(path, 'ffmpeg writes no such file');
  const identity = JSON.stringify([recipeVersion, await identifySource(path)]);
  const target = join(
    folder,
    `${createHash('sha256').update(identity).digest('hex').slice(0, 32)}.${format.ending}`,
  );
  if (await unlessMissing(stat(target))) return target;
  const { breaks, lengthSeconds } = await indexPackets(path, facts, options);
  if (breaks.length > maxBreaks) throw notJoined(path, `there are ${breaks.length} breaks`);
  const streams = keptStreams(facts, format);
  await mkdir(folder, { recursive: true, mode: ownerOnlyFolder });
  await removeOldCopies(folder);
  await publishFileBy(target, async (temporary) => {
    await readText({
      ...options,
      program: 'ffmpeg',
      arguments: [
        // Program streams give a time to some packets only.
        ...['-nostdin', '-v', 'error', '-y', '-copyts', '-fflags', '+genpts', ...sourceOptions],
        ...['-i', asFileUrl(path), ...streams.flatMap((index) => ['-map', `0:${index}`])],
        ...['-c', 'copy', '-copyinkf', '-copypriorss', '1', '-map_metadata', '0', '-bitexact'],
        ...streams.flatMap((index, output) => movedBy(breaks, index, output)),
        ...['-muxdelay', '0', '-muxpreload', '0', '-max_muxing_queue_size', '65536'],
        ...['-f', format.format, asFileUrl(temporary)],
      ],
      doing: `Joining the times of ${path}`,
      workBytes: facts.sizeBytes,
      target: temporary,
    }).catch((error: unknown) => {
      if (!(error instanceof ProgramRefusedError)) throw error;
      throw notJoined(path, error.message);
    });
    const copied = await indexPackets(temporary, factsOfCopy(facts, streams), options);
    const isRight =
      copied.breaks.length === 0 && Math.abs(copied.lengthSeconds - lengthSeconds) < slackSeconds;
    if (!isRight) throw notJoined(path, 'ffmpeg takes some of them for others');
  });
  return target;
}

/** How a copy is written: with the same clock as the source, in which alone offsets are exact. */
interface CopyFormat {
  readonly format: string;
  readonly ending: string;
  /** Codecs that it holds. */
  readonly codecs: RegExp;
}

const transportStream = { format: 'mpegts', ending: 'ts' };
const matroska = { format: 'matroska', ending: 'mkv', codecs: /./ };
/** By the names of ffmpeg's demuxer. */
const formats: Readonly<Record<string, CopyFormat>> = {
  mpegts: { ...transportStream, codecs: /./ },
  mpeg: { ...transportStream, codecs: /^(mpeg[12]video|h264|hevc|mp[123]|aac|ac3|dts)$/ },
  'matroska,webm': matroska,
  asf: matroska,
  flv: { format: 'flv', ending: 'flv', codecs: /./ },
};

/** The options by which an output stream continues after each jump. */
function movedBy(breaks: readonly TimeBreak[], stream: number, output: number): readonly string[] {
  const terms: string[] = [];
  let movedSeconds = 0;
  for (const { firstPackets, offsetSeconds } of breaks) {
    const first = firstPackets.get(stream);
    if (first === undefined) continue;
    terms.push(`gte(N,${first})*(${(offsetSeconds - movedSeconds).toFixed(6)})`);
    movedSeconds = offsetSeconds;
  }
  if (terms.length === 0) return [];
  const ticks = `round((${sumOf(terms)})/TB)`;
  return [`-bsf:${output}`, `setts=pts='PTS+${ticks}':dts='DTS+${ticks}'`];
}

/** Data and streams of an unknown kind would only be left out later on. */
function keptStreams({ video, others }: VideoFacts, { codecs }: CopyFormat): number[] {
  const kept = others.filter(
    (stream) =>
      (isTimedStream(stream) || stream.type === 'subtitle') &&
      !/^(none|unknown|)$/.test(stream.codec) &&
      codecs.test(stream.codec),
  );
  return [video.index, ...kept.map(({ index }) => index)].sort((a, b) => a - b);
}

/** The same streams, numbered as they are in the copy. */
function factsOfCopy(facts: VideoFacts, streams: readonly number[]): VideoFacts {
  const placed = <Stream extends { readonly index: number }>(stream: Stream) => ({
    ...stream,
    index: streams.indexOf(stream.index),
  });
  const others = facts.others.filter(({ index }) => streams.includes(index)).map(placed);
  return { ...facts, video: placed(facts.video), others };
}

function notJoined(path: string, reason: string): AppError {
  return unreadableVideo(
    path,
    `its clock jumps, and its times cannot be joined: ${reason.replace(/\.$/, '')}`,
    {
      nextStep:
        "Cut it into its recordings; upscale each by itself, or join them with ffmpeg's concat demuxer.",
    },
  );
}

/** Removes copies that no run has used for long. */
export async function removeOldCopies(folder: string): Promise<void> {
  for (const name of (await unlessMissing(readdir(folder))) ?? []) {
    const found = await unlessMissing(stat(join(folder, name)));
    if (found && Date.now() - found.mtimeMs > keptDays * 86_400_000)
      await rm(join(folder, name), { force: true });
  }
}
