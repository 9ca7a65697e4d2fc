import { type ExitCode, exitCodes } from '../../errors/error-codes.ts';

type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** The user or the system asked cosmos to stop; the state is saved. */
export class InterruptedError extends Error {
  readonly exitCode: ExitCode;
  /** How to continue; filled in by the command, which knows the run. */
  nextStep: string | null = null;

  constructor(signal: StopSignal) {
    super(signal === 'SIGINT' ? 'Interrupted.' : `Ended by ${signal}.`);
    this.name = 'InterruptedError';
    this.exitCode = signal === 'SIGINT' ? exitCodes.sigint : exitCodes.sigterm;
  }
}

export interface SignalListener {
  /** Shows the user that cosmos is about to stop. */
  notify(line: string): void;
  /** Puts the terminal in order before the process ends at once. */
  leave(): void;
}

/** Turns the first stop signal into an abort and the second into the end of the process. */
export function listenForSignals(listener: SignalListener): { signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const handlers = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((name) => {
    const handle = () => {
      if (name === 'SIGHUP' && !hasTerminal()) return;
      const error = new InterruptedError(name);
      if (controller.signal.aborted) {
        listener.leave();
        process.exit(error.exitCode);
      }
      if (name === 'SIGINT')
        listener.notify('Stopping: saving what is done. Press Ctrl-C again to stop at once.');
      controller.abort(error);
    };
    process.on(name, handle);
    return { name, handle };
  });
  const stop = () => {
    for (const { name, handle } of handlers) process.off(name, handle);
  };
  return { signal: controller.signal, stop };
}

/**
 * A process without any terminal, as under `nohup`, has none that could hang up: the signal then only says that
 * the shell has gone. (Node reacts to a hang-up even where its parent process ignores the signal.)
 */
function hasTerminal(): boolean {
  return [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY);
}
