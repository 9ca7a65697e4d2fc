import { messageOf } from '../../errors/app-error.ts';
import { isSystemError } from '../../errors/system-error.ts';
import { EngineError } from '../engines/engine.ts';

interface Named {
  readonly command: readonly string[];
  readonly model: string;
}

/** The program is not there, or cannot be run. */
export function cannotStart(wish: Named, error: unknown): EngineError {
  const program = JSON.stringify(wish.command[0] ?? '');
  const code = isSystemError(error) ? error.code : null;
  if (code === 'ENOENT') {
    return fatal(
      `The program ${program} of the model's server was not found where the worker runs. ` +
        `On a host it has to be in the image (image or base_image); check upsampling.engine.command, too.`,
      error,
    );
  }
  if (code === 'EACCES') return fatal(`The program ${program} of the model's server may not be run.`, error);
  return fatal(`The program ${program} of the model's server cannot be started: ${messageOf(error)}`, error);
}

/** Nobody could find it. */
export function hasNoPort(wish: Named): EngineError {
  return fatal(
    `${nameOf(wish)} cannot be started: its command has no {port} in it. Set upsampling.engine.command.`,
  );
}

/** It dies again and again. */
export function gaveUp(wish: Named, reason: string, how: string, lastWords: string, log: string) {
  return fatal(`${nameOf(wish)} ${reason}, the last time with ${how}. ${closing(lastWords, log)}`);
}

/** It lives, but was not ready in time. */
export function neverReady(wish: Named, timeoutMs: number, lastWords: string, log: string): EngineError {
  const seconds = Math.round(timeoutMs / 1000);
  return fatal(`${nameOf(wish)} was not ready within ${seconds} s. ${closing(lastWords, log)}`);
}

/** Nobody may ask it any more. */
export function wasStopped(wish: Named): EngineError {
  return fatal(`${nameOf(wish)} was stopped.`);
}

/** It died of one request. */
export function crashedBy(deaths: number, how: string, lastWords: string, log: string): EngineError {
  const message =
    `The model's server died ${deaths} times while it worked on this prompt, ` +
    `the last time on it alone, with ${how}. ${quoted(lastWords)} Its log is ${log}.`;
  return new EngineError({ code: 'engine-crashed', class: 'permanent', message });
}

function closing(lastWords: string, log: string): string {
  return `${quoted(lastWords)} Look at its log (${log}): often the model does not fit into the GPU's memory, or its name is wrong.`;
}

function quoted(lastWords: string): string {
  return lastWords === '' ? 'It said nothing.' : `Its last words: ${lastWords.replace(/\.*$/, '.')}`;
}

function nameOf({ command, model }: Named): string {
  return model === '' ? `The model's server ${command[0]}` : `The server of the model ${model}`;
}

function fatal(message: string, cause?: unknown): EngineError {
  return new EngineError({ code: 'engine-failed', class: 'fatal', message, cause });
}
