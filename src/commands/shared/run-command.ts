import { resumeCommand } from '../../core/run/run-commands.ts';
import { shellQuoted } from '../../core/run/shell-quoted.ts';
import { localHostName } from '../../core/settings/host-named.ts';
import { usageError } from '../../errors/app-error.ts';
import { type ExitCode, exitCodes } from '../../errors/error-codes.ts';
import type { Ports } from '../../ports/ports.ts';
import type { RunContext, RunOutcome } from '../../services/runs/carry-out.ts';
import { type ResumeOptions, resumeRun } from '../../services/runs/resume-run.ts';
import type { RunSummary, RunTypes } from '../../services/runs/run-kind.ts';
import { CosmosCommand } from './cosmos-command.ts';
import { createObserver } from './create-observer.ts';
import type { CommandObserver, ObserverOptions, RunView } from './run-views.ts';
import { shownText } from './shown-text.ts';
import { InterruptedError, type Workplace } from './signals.ts';

type Control<K extends RunTypes> = Pick<RunContext<K>, 'observer' | 'signal' | 'leave'>;

/** A command that carries a run out: shows it, can be interrupted, and ends with the run's exit code. */
export abstract class RunCommand extends CosmosCommand {
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

  protected async carryOut<K extends RunTypes>(
    view: RunView<K>,
    options: ObserverOptions,
    work: (control: Control<K>) => Promise<RunOutcome<K['summary']>>,
    isFollowing = false,
  ): Promise<K['summary']> {
    let runId: string | null = null;
    let workplace: Workplace = { is: isFollowing ? 'followed' : 'here' };
    let counts: object | null = null;
    const command: CommandObserver = {
      onBegin: (run) => {
        runId = run.runId;
        const { host = localHostName } = run;
        if (!isFollowing && host !== localHostName) workplace = { is: 'host', host };
      },
      onEvent: (event) => {
        if (event.type === 'run-finished') counts = event.counts ?? null;
      },
    };
    const outcome = await this.observed(view, options, work, command, () => workplace).catch(
      (thrown: unknown) => {
        if (thrown instanceof InterruptedError) thrown.nextStep = nextStep(view, runId, counts);
        throw thrown;
      },
    );
    const { summary, error } = outcome;
    const text = view.formatSummary(summary, this.style, error === null);
    if (options.events === '-') process.stderr.write(shownText(text));
    else this.show(text);
    process.exitCode = exitCodeOf(outcome);
    if (error) this.showError(error);
    else if (outcome.leftBy !== null) this.logToStderr(`Left: ${summary.ending?.message ?? ''}`);
    return summary;
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
    return await this.carryOut(view, flags, work, isFollowing);
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
