import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { ticksToSeconds } from '../../core/frames/fraction.ts';
import type { PartRequest, VideoPart } from '../../ports/video-tool.ts';
import { askFfprobe, readPackets } from '../ffmpeg/ffprobe.ts';
import { type FfmpegOptions, ProgramRefusedError, readText } from '../ffmpeg/run-ffmpeg.ts';
import { asFileUrl, sourceOptions } from '../ffmpeg/source-file.ts';
import { makeFolder, publishFileBy } from '../files/publish-file.ts';

const probeTimeoutMs = 60_000;

/**
 * Packets are cut by the times at which they are decoded, which are never later than those at which they are shown; of some
 * files ffmpeg only guesses them.
 */
const slackSeconds = 1;

const answerSchema = z.object({
  streams: z.array(z.object({ time_base: z.string().regex(/^1\/\d+$/) })).length(1),
});

/**
 * Copies a part of a video as the port `VideoTool` says. NUT is the one container that holds every codec and keeps every
 * time exactly.
 */
export async function cutVideoPart(request: PartRequest, options: FfmpegOptions): Promise<VideoPart | null> {
  await makeFolder(dirname(request.target));
  try {
    await publishFileBy(request.target, async (temporary) => {
      await readText({
        ...options,
        program: 'ffmpeg',
        arguments: cutArguments(request, temporary),
        doing: `Cutting a part of ${request.sourcePath}`,
        workBytes: (await stat(request.sourcePath)).size,
        target: temporary,
      });
    });
  } catch (error) {
    if (error instanceof ProgramRefusedError) return null;
    throw error;
  }
  return await readPart(request, options);
}

function cutArguments(
  { sourcePath, stream, timeBase, seekTime, endTime }: PartRequest,
  target: string,
): readonly string[] {
  const seconds = (ticks: number) => ticksToSeconds(ticks, timeBase);
  const seek = seekTime === null ? [] : [`${Math.ceil(seconds(seekTime) * 1e6)}us`];
  const end = endTime === null ? [] : [(seconds(endTime) + slackSeconds).toFixed(6)];
  return [
    ...['-nostdin', '-v', 'error', '-y', '-copyts', ...sourceOptions],
    ...seek.flatMap((time) => ['-seek_timestamp', '1', '-noaccurate_seek', '-ss', time]),
    ...['-i', asFileUrl(sourcePath), '-map', `0:${stream}`, '-c', 'copy', '-copyinkf', '-copypriorss', '1'],
    ...end.flatMap((time) => ['-to', time]),
    // Times below zero are those of a file's first frames: moved, they would be others.
    ...['-avoid_negative_ts', 'disabled', '-map_metadata', '-1', '-bitexact', '-f', 'nut', asFileUrl(target)],
  ];
}

/** Whether the part has all frames that are wanted, and the key frame to decode them from. */
async function readPart(
  { target: path, timeBase, seekTime, firstTime, endTime, frames }: PartRequest,
  options: FfmpegOptions,
): Promise<VideoPart | null> {
  const probe = { program: options.programs.ffprobe, timeoutMs: probeTimeoutMs, signal: options.signal };
  const answer = await askFfprobe(path, ['-show_entries', 'stream=time_base'], answerSchema, probe);
  const denominator = Number(answer.streams[0]?.time_base.split('/')[1]);
  const ticks = (denominator * timeBase.numerator) / timeBase.denominator;
  if (!Number.isInteger(ticks)) return null;
  const { size: sizeBytes } = await stat(path);
  const end = endTime === null ? Number.POSITIVE_INFINITY : endTime * ticks;
  const first = firstTime * ticks;
  let found = 0;
  let isFromKey = false;
  for await (const packet of readPackets({ path, sizeBytes, stream: 0, what: 'times' }, options)) {
    const { time, flags } = packet;
    if (flags.includes('K')) isFromKey ||= time <= first && (seekTime === null || time <= seekTime * ticks);
    if (!flags.includes('D') && time >= first && time < end) found += 1;
  }
  return isFromKey && found === frames ? { timeBase: { numerator: 1, denominator }, ticks } : null;
}
