const keptLines = 4;
const maxLineLength = 500;

/** Hands on the lines that a program writes, cut to a bearable length, and keeps the last few. */
export class LineTail {
  readonly #onLine: (line: string) => void;
  readonly #decoder = new TextDecoder();
  #begun = '';
  #last: string[] = [];

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Uint8Array): void {
    const lines = (this.#begun + this.#decoder.decode(chunk, { stream: true })).split(/\r?\n/);
    this.#begun = lines.pop()?.slice(0, maxLineLength) ?? '';
    for (const line of lines) this.#add(line);
  }

  /** Nothing comes any more. @returns the last lines, in one. */
  end(): string {
    this.#add(this.#begun);
    this.#begun = '';
    return this.#last.join(' ');
  }

  #add(text: string): void {
    const line = text.trim().slice(0, maxLineLength);
    if (line === '') return;
    this.#last = [...this.#last, line].slice(-keptLines);
    this.#onLine(line);
  }
}
