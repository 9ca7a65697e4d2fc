import { readPackets } from './packets.ts';

/** Presentation times of a stream's key frames, ascending, each once. */
export async function readKeyTimes(
  program: string,
  path: string,
  stream: number,
  signal: AbortSignal | undefined,
): Promise<Float64Array> {
  const times = new Set<number>();
  for await (const { time, isKey, isDiscarded } of readPackets(program, path, stream, signal)) {
    if (isKey && !isDiscarded && time !== null) times.add(time);
  }
  return Float64Array.from(times).sort();
}
