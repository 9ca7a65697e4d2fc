import { StringDecoder } from 'node:string_decoder';
import { stripVTControlCharacters } from 'node:util';
import { onOneLine, printableLines } from '../../core/printable.ts';
import { redactor } from '../../core/redact.ts';
import type { RotatingLog } from './rotating-log.ts';

const linesKept = 40;
const longestLine = 16 * 1024;
const longestTail = 2_000;
/** With what escapes make of it. */
const longestSecret = 4 * 1024;

/** What a program writes, line by line: into its log, and the last lines for error messages. Secrets become `[key]`. */
export class ProgramOutput {
  readonly #log: Pick<RotatingLog, 'add'>;
  readonly #redact: (text: string) => string;
  readonly #last: string[] = [];

  readonly #onLine: (line: string) => void;

  /** @param onLine - Sees each line as it comes. */
  constructor(
    log: Pick<RotatingLog, 'add'>,
    secrets: readonly string[],
    onLine: (line: string) => void = () => undefined,
  ) {
    this.#onLine = onLine;
    this.#log = log;
    this.#redact = redactor(secrets);
  }

  /** Takes one of the program's streams in; gives the function for its chunks, `null` standing for its end. */
  reader(): (chunk: Buffer | null) => void {
    const decoder = new StringDecoder('utf8');
    let rest = '';
    return (chunk) => {
      const text = rest + (chunk ? decoder.write(chunk) : decoder.end());
      const lines = text.split(/\r?\n|\r/);
      rest = chunk ? (lines.pop() ?? '') : '';
      if (rest.length > longestLine) {
        // Without secrets before it is cut, and with room at its end for one that is not whole yet.
        rest = this.#redact(rest);
        lines.push(rest.slice(0, -longestSecret));
        rest = rest.slice(-longestSecret);
      }
      for (const line of lines) if (line.trim() !== '') this.#take(line);
    };
  }

  /** Whether one of the last lines looks so. */
  hasWritten(pattern: RegExp): boolean {
    return this.#last.some((line) => pattern.test(line));
  }

  /** The last lines on one line, of bearable length; empty when it wrote nothing. */
  tail(): string {
    const text = this.#last.slice(-6).join(' | ');
    return text.length > longestTail ? `…${text.slice(-longestTail)}` : text;
  }

  #take(line: string): void {
    const clean = printableLines(this.#redact(stripVTControlCharacters(line)));
    this.#onLine(clean);
    this.#log.add(clean);
    // A bar of progress tells nothing of why a program ended.
    if (/\d%\|/.test(clean)) return;
    this.#last.push(onOneLine(clean));
    if (this.#last.length > linesKept) this.#last.shift();
  }
}

/** Values in an environment that by their names are secrets. */
export function secretsIn(environment: Readonly<Record<string, string | undefined>>): readonly string[] {
  return Object.entries(environment)
    .filter(([name]) => /KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL/i.test(name))
    .flatMap(([, value]) => (value !== undefined && value.trim().length >= 8 ? [value.trim()] : []))
    .sort((a, b) => b.length - a.length);
}
