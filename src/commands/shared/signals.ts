import { type ExitCode, exitCodes } from '../../errors/error-codes.ts';
import { type LeaveQuestion, leaveQuestion } from './leave-question.ts';

type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** The user or the system asked cosmos to end; the state is saved. */
export class InterruptedError extends Error {
  readonly exitCode: ExitCode;
  /** How to continue; filled in by the command, which knows the run. */
  nextStep: string | null = null;

  /** Whether the process only leaves: work that was submitted keeps running. */
  readonly isLeaving: boolean;
  /** Whether the user chose that, and did not only end the process. */
  readonly isChosen: boolean;

  constructor(signal: StopSignal, { isLeaving = false, isChosen = false } = {}) {
    super(signal === 'SIGINT' ? 'Interrupted.' : `Ended by ${signal}.`);
    this.isLeaving = isLeaving;
    this.isChosen = isChosen;
    this.name = 'InterruptedError';
    this.exitCode = signal === 'SIGINT' ? exitCodes.sigint : exitCodes.sigterm;
  }
}

/**
 * Where the work of a process is done, which decides what ending it means: `here` ends with the process, `followed` was left
 * to itself before and keeps running, and a host of this name works for this process.
 */
export type Workplace = { readonly is: 'here' | 'followed' } | { readonly is: 'host'; readonly host: string };

export interface SignalListener {
  /** Shows the user that cosmos is about to end. */
  notify(line: string): void;
  /** Puts the terminal in order before the process ends at once. */
  leave(): void;
  /** Asked when a signal comes. Left out: `here`. */
  workplace?(): Workplace;
}

export interface Interruption {
  /** Aborts to end at once, in order. */
  readonly signal: AbortSignal;
  /** Aborts to leave work to its host: before `signal`, or instead of it where the host is to get the rest first. */
  readonly leave: AbortSignal;
}

/** Turns the first signal that is to end the process into an abort, and one after it into the end of the process. */
export function listenForSignals(listener: SignalListener): Interruption & { stop(): void } {
  const controller = new AbortController();
  const leaving = new AbortController();
  let question: LeaveQuestion | null = null;
  const end = (error: InterruptedError) => {
    question?.close();
    question = null;
    const workplace = listener.workplace?.() ?? { is: 'here' };
    if (error.exitCode === exitCodes.sigint)
      listener.notify(error.isLeaving ? leavingText(workplace) : stoppingText);
    if (error.isLeaving) leaving.abort(error);
    if (!error.isLeaving || workplace.is === 'followed') controller.abort(error);
  };
  const handle = (name: StopSignal) => {
    if (name === 'SIGHUP' && !hasTerminal()) return;
    if (controller.signal.aborted || leaving.signal.aborted) {
      // A terminal that closes hangs up twice, once by itself and once by its shell: no one asks for haste.
      if (name === 'SIGHUP') return;
      listener.leave();
      process.exit(new InterruptedError(name).exitCode);
    }
    const workplace = listener.workplace?.() ?? { is: 'here' };
    const isHangUpOfHost = name === 'SIGHUP' && workplace.is === 'host';
    if (workplace.is === 'followed' || isHangUpOfHost) end(new InterruptedError(name, { isLeaving: true }));
    else if (name === 'SIGINT' && workplace.is === 'host' && question === null && canAsk()) {
      listener.notify(questionText(workplace.host));
      question = leaveQuestion((answer) => {
        question = null;
        if (answer === 'continue') listener.notify('The run continues.');
        else end(new InterruptedError(name, { isLeaving: answer !== 'stop', isChosen: answer === 'leave' }));
      });
    } else end(new InterruptedError(name));
  };
  const handlers = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((name) => {
    const handler = () => handle(name);
    process.on(name, handler);
    return { name, handler };
  });
  const stop = () => {
    question?.close();
    for (const { name, handler } of handlers) process.off(name, handler);
  };
  return { signal: controller.signal, leave: leaving.signal, stop };
}

const stoppingText = 'Stopping: saving what is done. Press Ctrl-C again to stop at once.';

function leavingText(workplace: Workplace): string {
  const what =
    workplace.is === 'host'
      ? `what is not there yet is sent to ${workplace.host}, and the work keeps running there`
      : 'the work keeps running';
  return `Leaving: ${what}. Press Ctrl-C again to leave at once.`;
}

function questionText(host: string): string {
  return (
    `The work of this run is on ${host}. Press Ctrl-C again or q to stop it there, d to leave it running, ` +
    `any other key to continue. Without an answer it is left running after ${leaveQuestion.timeoutS} s.`
  );
}

function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/**
 * A process without any terminal, as under `nohup`, has none that could hang up: the signal then only says that
 * the shell has gone. (Node reacts to a hang-up even where its parent process ignores the signal.)
 */
function hasTerminal(): boolean {
  return [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY);
}
