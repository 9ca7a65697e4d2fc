import type { UpscaleCounts } from '../../core/upscale/upscale-event.ts';
import type { UpscaleSummary } from '../../core/upscale/upscale-summary.ts';
import { AppError } from '../../errors/app-error.ts';
import { type ExitCode, exitCodes } from '../../errors/error-codes.ts';
import { combineUpscaleObservers, partialUpscaleObserver } from '../../output/progress/upscale-observers.ts';
import { formatUpscaleSummary, resumeUpscaleCommand } from '../../output/text/upscale/summary-text.ts';
import type { UpscaleObserver } from '../../ports/run-observer.ts';
import type { UpscaleOutcome } from '../../services/upscale/carry-out-upscale.ts';
import type { ObserverOptions } from './create-observer.ts';
import { createUpscaleObserver } from './create-upscale-observer.ts';
import { RunCommand } from './run-command.ts';
import { InterruptedError } from './signals.ts';

type Work<Result> = (observer: UpscaleObserver, signal: AbortSignal) => Promise<Result>;

/** A command that upscales: shows it, can be interrupted, and ends with the run's exit code. */
export abstract class UpscaleCommand extends RunCommand {
  /** Work that is shown and can be interrupted, and leaves nothing to go on with. */
  protected async observed<Result>(options: ObserverOptions, work: Work<Result>): Promise<Result> {
    const observer = createUpscaleObserver(options);
    const listener = { tell: (line: string) => observer.onNotice(line), leave: () => observer.onEnd() };
    return await this.interruptibly((signal) => work(observer, signal), listener).finally(() =>
      observer.onEnd(),
    );
  }

  protected async carryOutUpscale(
    options: ObserverOptions,
    work: Work<UpscaleOutcome>,
  ): Promise<UpscaleSummary> {
    if (options.events === '-' && this.jsonEnabled()) throw twoDocuments();
    const seen: { runId: string | null; counts: UpscaleCounts | null } = { runId: null, counts: null };
    const remember = partialUpscaleObserver({
      onBegin: ({ runId }) => {
        seen.runId = runId;
      },
      onEvent: (event) => {
        if (event.type === 'run-finished') seen.counts = event.counts;
      },
    });
    const { summary, error } = await this.observed(options, (observer, signal) =>
      work(combineUpscaleObservers([observer, remember]), signal),
    ).catch((thrown: unknown) => {
      if (thrown instanceof InterruptedError) thrown.nextStep = nextStep(seen.runId, seen.counts);
      throw thrown;
    });
    const text = formatUpscaleSummary(summary, this.style, error === null);
    if (options.events === '-') process.stderr.write(text);
    else this.show(text);
    process.exitCode = exitCodeOf(summary, error);
    if (error) this.tell(error);
    return summary;
  }
}

function nextStep(runId: string | null, counts: UpscaleCounts | null): string {
  if (runId === null) return 'Nothing was begun.';
  const saved = counts
    ? `${counts.finished_segments} of ${counts.segments} segments are saved; what was under way is done again.`
    : 'Everything finished is saved.';
  return `${saved} Go on with: ${resumeUpscaleCommand(runId)}`;
}

function exitCodeOf({ status, counts }: UpscaleSummary, error: UpscaleOutcome['error']): ExitCode {
  if (status === 'complete') return exitCodes.ok;
  if (status === 'detached') return exitCodes.detached;
  if (!error) return exitCodes.partial;
  return error.exitCode === exitCodes.usage && counts.finished_segments > 0
    ? exitCodes.partial
    : error.exitCode;
}

function twoDocuments(): AppError {
  return new AppError({
    code: 'usage-invalid',
    message: '--json and --events - both want stdout.',
    nextStep: 'Write the events to a file: --events events.jsonl',
  });
}
