import type { StreamPlan } from '../../../core/frames/stream-plan.ts';
import { isTimedStream } from '../../../core/frames/video-facts.ts';
import { type PacketFacts, readPackets } from '../../ffmpeg/ffprobe.ts';
import { coverStreams } from '../assembly/skeleton-command.ts';
import { InvalidOutputError, type Verification } from './verification.ts';

/** Sound that is this far off is not in time with the picture, whatever its packets are. */
const unbearableSeconds = 0.5;

/** Clocks of containers round to a millisecond, and the two may do so differently. */
const leastToleranceSeconds = 0.002;
/** Packets of sound are shorter; those of some streams say nothing true of how long they are. */
const mostToleranceSeconds = 0.1;

/** When the packets of a stream are shown, in seconds since the first frame of the upscaled video. */
class StreamTimes {
  readonly shown: number[] = [];
  /** When the last packet ends. */
  end = Number.NEGATIVE_INFINITY;
  /** Of the longest packet. */
  longest = 0;

  add(time: number, duration: number): void {
    this.shown.push(time);
    this.end = Math.max(this.end, time + duration);
    this.longest = Math.max(this.longest, duration);
  }
}

/** Times of all streams of a file, taken from its packets as they come. */
export class FileTimes {
  readonly #zero: number;
  readonly #streams = new Map<number, StreamTimes>();

  /** @param zero - When the first frame of the upscaled video is shown, in seconds on the file's clock. */
  constructor(zero: number) {
    this.#zero = zero;
  }

  add({ stream, shownSeconds, decodeSeconds, durationSeconds }: PacketFacts): void {
    const seconds = Number.isNaN(shownSeconds) ? decodeSeconds : shownSeconds;
    if (Number.isNaN(seconds)) return;
    const times = this.#streams.get(stream) ?? new StreamTimes();
    this.#streams.set(stream, times);
    times.add(seconds - this.#zero, durationSeconds > 0 ? durationSeconds : 0);
  }

  of(stream: number): StreamTimes {
    return this.#streams.get(stream) ?? new StreamTimes();
  }
}

/** Times of the source's streams; null where there is nothing but the video that was upscaled. */
export async function readSourceTimes({
  request,
  presentation,
  options,
}: Verification): Promise<FileTimes | null> {
  const { path, facts } = request.source;
  if (!facts.others.some(isTimedStream)) return null;
  const first = request.timeline.times[0] ?? 0;
  const { numerator, denominator } = presentation.timeBase;
  const times = new FileTimes((first * numerator) / denominator);
  const packets = readPackets({ path, sizeBytes: facts.sizeBytes, what: 'times' }, options);
  for await (const packet of packets) if (packet.stream !== facts.video.index) times.add(packet);
  return times;
}

/**
 * Compares when sound and further videos are shown with the source: every packet of what was copied, beginning and end
 * of what was converted.
 *
 * @returns a sentence for each stream that is off by more than a packet.
 * @throws InvalidOutputError for one that is off by so much that it is not in time.
 */
export function compareStreamTimes(
  { request, container }: Verification,
  wanted: FileTimes,
  found: FileTimes,
): string[] {
  const { streams: plans, source } = request;
  const { facts } = source;
  const covers = coverStreams({ source, plans, container });
  const kept = plans.filter(({ index, action }) => action !== 'drop' && !covers.includes(index));
  const places = [facts.video.index, ...kept.map(({ index }) => index)].sort((a, b) => a - b);
  const heard = new Set(facts.others.filter(isTimedStream).map(({ index }) => index));
  return kept
    .filter(({ index }) => heard.has(index))
    .flatMap((plan) => compareTimes(plan, wanted.of(plan.index), found.of(places.indexOf(plan.index))));
}

function compareTimes(
  { index, type, action }: StreamPlan,
  source: StreamTimes,
  output: StreamTimes,
): string[] {
  if (source.shown.length === 0) return [];
  const what = `the ${type} of stream ${index}`;
  if (output.shown.length === 0) throw new InvalidOutputError(`${what} is empty`);
  const isSame = action === 'copy' && source.shown.length === output.shown.length;
  const offs = isSame
    ? source.shown.map((time, packet) => (output.shown[packet] ?? 0) - time)
    : [(output.shown[0] ?? 0) - (source.shown[0] ?? 0)];
  offs.push(output.end - source.end);
  const worst = offs.reduce((most, off) => (Math.abs(off) > Math.abs(most) ? off : most), 0);
  const packet = Math.min(mostToleranceSeconds, Math.max(source.longest, output.longest));
  if (Math.abs(worst) <= Math.max(packet, leastToleranceSeconds)) return [];
  const text = `${what} is up to ${Math.abs(worst).toFixed(2)} s ${worst < 0 ? 'earlier' : 'later'} than in the source`;
  if (Math.abs(worst) > unbearableSeconds) throw new InvalidOutputError(text);
  return [`${text.charAt(0).toUpperCase()}${text.slice(1)}: its times there are not even.`];
}
