import type { EncodingChoice } from '../../core/encoding/choose-encoding.ts';
import type { Encoding } from '../../protocol/segment.ts';

/** Threads of the encoder on every machine: its bytes depend on them, and two segments at once keep twice as many busy. */
const encoderThreads = 8;

/** How a video is encoded, on whatever machine. */
export function encodingOf({ crf, preset, ...more }: EncodingChoice['encoding']): Encoding {
  // In this order: keys of segments are made of it.
  const isX264 = (more.encoder ?? 'libx264') === 'libx264';
  return { crf, preset, threads: encoderThreads, ...(isX264 && { is_cpu_independent: true }), ...more };
}
