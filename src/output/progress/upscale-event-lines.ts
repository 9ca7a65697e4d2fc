import type { Journaled } from '../../core/run/run-status.ts';
import type { UpscaleCounts, UpscaleEventBody } from '../../core/upscale/upscale-event.ts';
import type { UpscaleObserver } from '../../ports/run-observer.ts';
import { openEventWriter } from './event-lines.ts';
import { partialUpscaleObserver } from './upscale-observers.ts';

const noCounts: UpscaleCounts = {
  frames: 0,
  unique_frames: 0,
  duplicates: 0,
  segments: 0,
  finished_segments: 0,
  failed_segments: 0,
};

/** Events of an upscale run as NDJSON to a file or, for `-`, to stdout; the last line is always `run-finished`. */
export function createUpscaleEventLines(target: string): UpscaleObserver {
  const writer = openEventWriter<Journaled<UpscaleEventBody>>(target, (known) => ({
    ...known,
    type: 'run-finished',
    status: 'failed',
    counts: noCounts,
  }));
  return partialUpscaleObserver({ onEvent: (event) => writer.write(event), onEnd: () => writer.end() });
}
