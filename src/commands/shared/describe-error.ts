import { shellQuoted } from '../../core/run/shell-quoted.ts';
import { shortened } from '../../core/shortened.ts';
import { suggestCommand, suggestFlag } from '../../core/suggestions.ts';
import { AppError, messageOf } from '../../errors/app-error.ts';
import { type ExitCode, exitCodes } from '../../errors/error-codes.ts';
import { isSystemError } from '../../errors/system-error.ts';
import { InterruptedError } from './signals.ts';

/** An error as it is shown, to a person or under `--json`. */
export interface ErrorFacts {
  readonly code: string;
  readonly message: string;
  readonly nextStep: string | null;
  readonly exitCode: ExitCode;
  readonly error: unknown;
}

/** What there is to type, for suggestions. */
interface TypedSurface {
  /** The command that was typed: `runs rm`. */
  readonly command: string;
  /** All commands. */
  readonly commands: readonly string[];
  /** Flags of the command, without dashes. */
  readonly flags: readonly string[];
}

/** The next step after what the argument parser refused: the flag or command that was probably meant. */
export function suggestionFor(error: unknown, { command, commands, flags }: TypedSurface): string | null {
  if (!(error instanceof Error)) return null;
  if ('flags' in error && Array.isArray(error.flags)) {
    const meant = suggestFlag(String(error.flags[0]), flags);
    return meant === null ? null : `Did you mean --${meant}? All flags: cosmos ${command} --help`;
  }
  if (!('args' in error) || !Array.isArray(error.args)) return null;
  const extra = String(error.args[0]);
  if (flags.includes('output') && /\.\w+$/.test(extra))
    return `Name the output with -o: cosmos ${command} INPUT -o ${shellQuoted(extra)}`;
  if (!commands.some((other) => other.startsWith(`${command} `))) return null;
  const meant = suggestCommand(`${command} ${extra}`, commands);
  return meant === null ? null : `Did you mean "cosmos ${meant}"?`;
}

/** Of what no part of the program wrote, in characters. */
const longestMessage = 1_000;

/** Sorts whatever was thrown: foreseen, interrupted, wrong usage, refused by the system, or a bug. */
export function describeError(error: unknown): ErrorFacts {
  if (error instanceof AppError) {
    const { code, nextStep, exitCode } = error;
    return { code, message: withoutParserText(error.message), nextStep, exitCode, error };
  }
  if (error instanceof InterruptedError) {
    const { message, nextStep, exitCode } = error;
    return { code: 'interrupted', message, nextStep, exitCode, error };
  }
  // Errors of the argument parser carry an `oclif` field.
  if (error instanceof Error && 'oclif' in error) {
    const message = withoutParserText(messageOf(error));
    return { code: 'usage-invalid', message, nextStep: 'See --help.', exitCode: exitCodes.usage, error };
  }
  if (isSystemError(error)) {
    const message = `The system refused: ${shortened(error.message, longestMessage)}`;
    return { code: error.code, message, nextStep: null, exitCode: exitCodes.unexpected, error };
  }
  return {
    code: 'unexpected',
    message: shortened(messageOf(error), longestMessage),
    nextStep: 'This is a bug in cosmos: please report it, with what DEBUG=1 shows. Finished work is kept.',
    exitCode: exitCodes.unexpected,
    error,
  };
}

/** The argument parser wraps what it throws, and what is thrown inside it. */
function withoutParserText(message: string): string {
  return message
    .replace(/^Parsing (--\S+) \n\t(?!--)/, '$1: ')
    .replace(/^Parsing --\S+ \n\t/, '')
    .replace(/^Nonexistent flags?: (.*)$/m, 'There is no flag $1.')
    .replace(/^The following errors? occurred:\s*/, '')
    .replace(/\n?See more help with --help\n?/, '');
}
