import { printableLines } from '../../core/printable.ts';
import { createUpscaleBars } from '../../output/progress/upscale-bars.ts';
import { createUpscaleEventLines } from '../../output/progress/upscale-event-lines.ts';
import { createUpscaleLines } from '../../output/progress/upscale-lines.ts';
import { combineUpscaleObservers, partialUpscaleObserver } from '../../output/progress/upscale-observers.ts';
import type { UpscaleObserver } from '../../ports/run-observer.ts';
import type { ObserverOptions } from './create-observer.ts';

/** Bars on a terminal, lines elsewhere, and the stream of events where it is asked for. */
export function createUpscaleObserver(options: ObserverOptions): UpscaleObserver {
  const observers = [options.progress ? createProgress() : createNotices()];
  if (options.events !== undefined) observers.push(createUpscaleEventLines(options.events));
  return combineUpscaleObservers(observers);
}

function createProgress(): UpscaleObserver {
  const { stderr } = process;
  if (stderr.isTTY && process.env['TERM'] !== 'dumb') return createUpscaleBars(stderr);
  return createUpscaleLines((line) => stderr.write(`${line}\n`));
}

/** Without progress, what a person must know is still said. */
function createNotices(): UpscaleObserver {
  return partialUpscaleObserver({
    onNotice: (message) => process.stderr.write(`${printableLines(message)}\n`),
  });
}
