import { type ExitCode, exitCodes } from '../../errors/error-codes.ts';

type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** The user or the system asked cosmos to stop; the state is saved. */
export class InterruptedError extends Error {
  readonly exitCode: ExitCode;
  /** How to go on; filled in by whoever knows the run. */
  hint: string | null = null;

  constructor(signal: StopSignal) {
    super(signal === 'SIGINT' ? 'Interrupted.' : `Ended by ${signal}.`);
    this.name = 'InterruptedError';
    this.exitCode = signal === 'SIGINT' ? exitCodes.sigint : exitCodes.sigterm;
  }
}

/** Turns the first stop signal into an abort and the second into the end of the process. */
export function listenForSignals(tell: (line: string) => void): { signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const handlers = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((name) => {
    const handle = () => {
      const error = new InterruptedError(name);
      if (controller.signal.aborted) process.exit(error.exitCode);
      if (name === 'SIGINT') tell('Stopping: saving what is done. Press Ctrl-C again to stop at once.');
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
