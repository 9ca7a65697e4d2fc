import { messageOf } from '../../errors/app-error.ts';
import { isErrno } from '../../errors/system-error.ts';
import { EngineError } from '../tasks/engine-error.ts';

export interface ServerSpec {
  /** Program and arguments, with `{port}` in them. */
  readonly command: readonly string[];
  readonly model: string;
  /** The variable with the key that it asks for, where there is one. */
  readonly keyVariable?: string | null;
}

export interface ServerDeath {
  /** `exit code 1`, `signal SIGKILL`. */
  readonly how: string;
  /** The last lines that it wrote, in one; empty when it wrote none. */
  readonly outputTail: string;
}

export function cannotStart({ command }: ServerSpec, error: unknown): EngineError {
  const program = `The model server's program ${JSON.stringify(command[0] ?? '')}`;
  if (isErrno(error, 'ENOENT')) {
    return fatal(
      `${program} was not found where the worker runs. On a host it has to be in the image (image or base_image); ` +
        `check upsampling.engine.command, too.`,
      error,
    );
  }
  if (isErrno(error, 'EACCES')) return fatal(`${program} is not executable for this user.`, error);
  return fatal(`${program} cannot be started: ${messageOf(error)}`, error);
}

export function hasNoPort(spec: ServerSpec): EngineError {
  return fatal(
    `${nameOf(spec)} cannot be started: its command has no {port} in it. Set upsampling.engine.command.`,
  );
}

export function gaveUp(
  spec: ServerSpec,
  reason: string,
  { how, outputTail }: ServerDeath,
  log: string,
): EngineError {
  return fatal(`${nameOf(spec)} ${reason}, the last time with ${how}. ${closing(outputTail, log)}`);
}

export function neverReady(
  spec: ServerSpec,
  timeoutMs: number,
  outputTail: string,
  log: string,
): EngineError {
  const seconds = Math.round(timeoutMs / 1000);
  return fatal(`${nameOf(spec)} was not ready within ${seconds} s. ${closing(outputTail, log)}`);
}

export function wasStopped(spec: ServerSpec): EngineError {
  return fatal(`${nameOf(spec)} was stopped.`);
}

export function crashedBy(deaths: number, { how, outputTail }: ServerDeath, log: string): EngineError {
  const message =
    `The model's server died ${deaths} times while it worked on this prompt, ` +
    `the last time on it alone, with ${how}. ${quoted(outputTail)} Its log is ${log}.`;
  return new EngineError({ code: 'engine-crashed', class: 'permanent', message });
}

function closing(outputTail: string, log: string): string {
  return `${quoted(outputTail)} Look at its log (${log}): often the model does not fit into the GPU's memory, or its name is wrong.`;
}

function quoted(outputTail: string): string {
  return outputTail === '' ? 'It wrote nothing.' : `It last wrote: ${outputTail.replace(/\.*$/, '.')}`;
}

function nameOf({ command, model }: ServerSpec): string {
  return model === '' ? `The model's server ${command[0]}` : `The server of the model ${model}`;
}

function fatal(message: string, cause?: unknown): EngineError {
  return new EngineError({ code: 'engine-failed', class: 'fatal', message, cause });
}
