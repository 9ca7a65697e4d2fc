import { printable } from '../../core/printable.ts';
import { resumeCommand } from '../../core/run/run-commands.ts';
import { shellQuoted } from '../../core/run/shell-quoted.ts';
import { localHostName } from '../../core/settings/host-named.ts';
import { AppError, usageError } from '../../errors/app-error.ts';
import { type ExitCode, exitCodes } from '../../errors/error-codes.ts';
import type { Ports } from '../../ports/ports.ts';
import type { RunContext, RunOutcome } from '../../services/runs/carry-out.ts';
import { asItWasBegun, type ResumeOptions, resumeRun } from '../../services/runs/resume-run.ts';
import type { RunSummary, RunTypes } from '../../services/runs/run-kind.ts';
import { askYesNo } from './ask-yes-no.ts';
import { createObserver } from './create-observer.ts';
import { PreparingCommand } from './preparing-command.ts';
import type { CommandObserver, ObserverOptions, RunView } from './run-view.ts';
import { shownText } from './shown-text.ts';
import { InterruptedError, type Workplace } from './signals.ts';

type CarryOutOptions = ObserverOptions & { readonly detach?: boolean };

/** What is known of the run while it is carried out. */
interface KnownRun {
  runId: string | null;
  counts: object | null;
  workplace: Workplace;
}

type Control<K extends RunTypes> = Pick<RunContext<K>, 'observer' | 'signal' | 'leave'>;

/** A command that carries a run out: shows it, can be interrupted, and ends with the run's exit code. */
export abstract class RunCommand extends PreparingCommand {
  /** Work that is shown and can be interrupted, and leaves nothing to resume. */
  protected async observed<K extends RunTypes, Result>(
    view: RunView<K>,
    options: ObserverOptions,
    work: (control: Control<K>) => Promise<Result>,
    command: CommandObserver = { onBegin: () => undefined, onEvent: () => undefined },
    workplace: () => Workplace = () => ({ is: 'here' }),
  ): Promise<Result> {
    if (options.events === '-' && this.jsonEnabled()) {
      const problem = '--json and --events - both need stdout.';
      throw usageError(problem, 'Write the events to a file: --events events.jsonl');
    }
    const observer = createObserver(view, options, command);
    const listener = {
      notify: (line: string) => observer.onNotice(line),
      leave: () => observer.onEnd(),
      workplace,
    };
    return await this.interruptibly((signal, leave) => work({ observer, signal, leave }), listener).finally(
      () => observer.onEnd(),
    );
  }

  /**
   * Carries a run out, and shows how it ended. On a terminal, a host that lacks the image of the workers is prepared when the
   * user wants that, and the run continues.
   */
  protected async carryOut<K extends RunTypes>(
    view: RunView<K>,
    options: CarryOutOptions,
    ports: Ports,
    work: (control: Control<K>) => Promise<RunOutcome<K['summary']>>,
    isFollowing = false,
  ): Promise<K['summary']> {
    const known: KnownRun = {
      runId: null,
      counts: null,
      workplace: { is: isFollowing ? 'followed' : 'here' },
    };
    const first = await this.#attempt(view, options, known, work).then(
      (outcome) => ({ outcome, error: outcome.error }),
      (thrown: unknown) => {
        if (thrown instanceof AppError && thrown.missingImage !== null)
          return { outcome: null, error: thrown };
        throw thrown;
      },
    );
    const isPrepared = await this.#prepareMissing(first.error, options, ports);
    if (!isPrepared && first.outcome === null) throw first.error;
    const { runId } = known;
    const again = (control: Control<K>) =>
      runId === null
        ? work(control)
        : resumeRun(view.kind, asItWasBegun<K>(runId), {
            ...{ ...control, ports, isDetached: options.detach ?? false },
          });
    const outcome =
      first.outcome === null || isPrepared ? await this.#attempt(view, options, known, again) : first.outcome;
    const { summary, error } = outcome;
    const text = view.formatSummary(summary, this.style, error === null);
    if (options.events === '-') process.stderr.write(shownText(text));
    else this.show(text);
    process.exitCode = exitCodeOf(outcome);
    if (error) this.showError(error);
    else if (outcome.leftBy !== null) this.logToStderr(summary.ending?.message ?? '');
    return summary;
  }

  async #attempt<K extends RunTypes>(
    view: RunView<K>,
    options: CarryOutOptions,
    known: KnownRun,
    work: (control: Control<K>) => Promise<RunOutcome<K['summary']>>,
  ): Promise<RunOutcome<K['summary']>> {
    const command: CommandObserver = {
      onBegin: (run) => {
        known.runId = run.runId;
        const { host = localHostName } = run;
        if (known.workplace.is !== 'followed' && host !== localHostName)
          known.workplace = { is: 'host', host };
      },
      onEvent: (event) => {
        if (event.type === 'run-finished') known.counts = event.counts ?? null;
      },
    };
    const seen = this.observed(view, options, work, command, () => known.workplace);
    return await seen.catch((thrown: unknown) => {
      if (thrown instanceof InterruptedError) thrown.nextStep = nextStep(view, known.runId, known.counts);
      throw thrown;
    });
  }

  /** Asks whether to make an image that is missing, and makes it. Off a terminal the answer is no. */
  async #prepareMissing(
    error: AppError | null,
    { progress }: CarryOutOptions,
    ports: Ports,
  ): Promise<boolean> {
    const missing = error?.missingImage ?? null;
    if (error === null || missing === null || this.jsonEnabled()) return false;
    const { host, role } = missing;
    if (!(await askYesNo(`${printable(error.message)} Prepare ${printable(host)} now?`))) return false;
    await this.prepareShown({ host, role, isForced: false }, ports, progress);
    return true;
  }

  protected async resume<K extends RunTypes>(
    view: RunView<K>,
    flags: ObserverOptions & GlobalFlags & { readonly detach?: boolean },
    ports: Ports,
    resumed: ResumeOptions<K>,
    isFollowing = false,
  ): Promise<K['summary']> {
    const options = { ...resumed, otherFlags: globalFlagsOf(flags) };
    const isDetached = flags.detach ?? false;
    const work = (control: Control<K>) => resumeRun(view.kind, options, { ...control, ports, isDetached });
    return await this.carryOut(view, flags, ports, work, isFollowing);
  }
}

interface GlobalFlags {
  readonly config?: string | undefined;
  readonly 'checkpoint-dir'?: string | undefined;
  readonly map?: readonly string[] | undefined;
}

function globalFlagsOf(flags: GlobalFlags): string[] {
  const { config, 'checkpoint-dir': runs, map = [] } = flags;
  return [
    ...(config === undefined ? [] : ['--config', shellQuoted(config)]),
    ...map.flatMap((folder) => ['--map', shellQuoted(folder)]),
    ...(runs === undefined ? [] : ['--checkpoint-dir', shellQuoted(runs)]),
  ];
}

function nextStep<K extends RunTypes>(view: RunView<K>, runId: string | null, counts: object | null): string {
  if (runId === null) return 'Nothing was started.';
  const saved = counts ? view.savedText(counts) : 'Everything finished is saved.';
  return `${saved} Continue with: ${resumeCommand(runId)}`;
}

/**
 * A run that stopped before anything was done ends like a wrong start; one that got something done is partial. One
 * whose server stayed unreachable is to be resumed.
 */
function exitCodeOf({ summary, error, isAnythingDone, leftBy }: RunOutcome<RunSummary>): ExitCode {
  const { status, failures } = summary;
  if (leftBy instanceof InterruptedError && !leftBy.isChosen) return leftBy.exitCode;
  if (status === 'complete' || (status === 'paused' && failures.length === 0)) return exitCodes.ok;
  // Leaving was what the user wanted, unless an error was the reason.
  if (status === 'detached') return error ? error.exitCode : exitCodes.ok;
  if (!error)
    return failures.some(({ code }) => code === 'engine-unreachable')
      ? exitCodes.unreachable
      : exitCodes.partial;
  return error.exitCode === exitCodes.usage && isAnythingDone ? exitCodes.partial : error.exitCode;
}
