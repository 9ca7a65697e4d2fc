import type { UpsampleCounts } from '../../core/upsample/upsample-event.ts';
import type { UpsampleSummary } from '../../core/upsample/upsample-summary.ts';
import { AppError } from '../../errors/app-error.ts';
import { type ExitCode, exitCodes } from '../../errors/error-codes.ts';
import { combineObservers, partialObserver } from '../../output/progress/observers.ts';
import { formatSummary, resumeCommand, savedText } from '../../output/text/upsample/summary-text.ts';
import type { UpsampleObserver } from '../../ports/run-observer.ts';
import type { RunOutcome } from '../../services/upsample/batch-upsample.ts';
import { CosmosCommand } from './cosmos-command.ts';
import { createObserver, type ObserverOptions } from './create-observer.ts';
import { InterruptedError } from './signals.ts';

/** A command that carries a run out: shows it, can be interrupted, and ends with the run's exit code. */
export abstract class RunCommand extends CosmosCommand {
  protected async carryOut(
    options: ObserverOptions,
    work: (observer: UpsampleObserver, signal: AbortSignal) => Promise<RunOutcome>,
  ): Promise<UpsampleSummary> {
    const seen: { runId: string | null; counts: UpsampleCounts | null } = { runId: null, counts: null };
    const remember = partialObserver({
      onBegin: (run) => {
        seen.runId = run.runId;
      },
      onEvent: (event) => {
        if (event.type === 'run-finished') seen.counts = event.counts;
      },
    });
    if (options.events === '-' && this.jsonEnabled()) throw twoDocuments();
    const observer = combineObservers([createObserver(options), remember]);
    const { summary, error } = await this.interruptibly((signal) => work(observer, signal), {
      tell: (line) => observer.onNotice(line),
      leave: () => observer.onEnd(),
    })
      .catch((thrown: unknown) => {
        if (thrown instanceof InterruptedError) thrown.nextStep = nextStep(seen.runId, seen.counts);
        throw thrown;
      })
      .finally(() => observer.onEnd());
    const text = formatSummary(summary, this.style, error === null);
    if (options.events === '-') process.stderr.write(text);
    else this.show(text);
    process.exitCode = exitCodeOf(summary, error);
    if (error) this.tell(error);
    return summary;
  }
}

function twoDocuments(): AppError {
  return new AppError({
    code: 'usage-invalid',
    message: '--json and --events - both want stdout.',
    nextStep: 'Write the events to a file: --events events.jsonl',
  });
}

function nextStep(runId: string | null, counts: UpsampleCounts | null): string {
  if (runId === null) return 'Nothing was begun.';
  const done = counts ? counts.upsampled + counts.reused + counts.skipped : 0;
  const saved = counts ? savedText(done, counts.total) : 'Everything finished is saved.';
  return `${saved} Go on with: ${resumeCommand(runId)}`;
}

/** A run that stopped before anything was done ends like a wrong start; one that got something done is partial. */
function exitCodeOf({ status, counts }: UpsampleSummary, error: RunOutcome['error']): ExitCode {
  if (status === 'complete') return exitCodes.ok;
  if (status === 'detached') return exitCodes.detached;
  if (!error) return exitCodes.partial;
  const isAnythingDone = counts.upsampled + counts.reused > 0;
  return error.exitCode === exitCodes.usage && isAnythingDone ? exitCodes.partial : error.exitCode;
}
