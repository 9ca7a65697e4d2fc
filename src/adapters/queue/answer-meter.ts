/** Most bytes of one answer, and of one text in it; what cosmos keeps in Redis are ids and short messages. */
const mostBytes = 8 * 1024 * 1024;
const mostTextBytes = 128 * 1024;

/** Most values in one answer. */
const mostValues = 500_000;

/** Deepest list in a list. */
const mostLevels = 32;

/** Longest line that is a value, or says how long one is, in bytes. */
const mostLineBytes = 64 * 1024;

/** Most pieces that one answer may arrive in: a network sends more than a thousand bytes at once. */
const mostPieces = 50_000;

/** What a line after its first character may be; of any other, two readers could think differently of where it ends. */
const contents: Readonly<Record<string, RegExp>> = {
  '+': /^/,
  '-': /^/,
  ':': /^[+-]?\d+$/,
  '(': /^[+-]?\d+$/,
  ',': /^(nan|[+-]?(inf|\d+(\.\d+)?([eE][+-]?\d+)?))$/,
  '#': /^[tf]$/,
  _: /^$/,
  $: /^(\d{1,15}|-1)$/,
  '!': /^\d{1,15}$/,
  '=': /^\d{1,15}$/,
  '*': /^(\d{1,15}|-1)$/,
  '~': /^\d{1,15}$/,
  '>': /^\d{1,15}$/,
  '%': /^\d{1,15}$/,
};

/** Follows the answers of a Redis server as their bytes arrive (RESP 2 and 3), and refuses what is larger than any that is expected. */
export class AnswerMeter {
  /** Values still to come of each list that is open, the innermost last. */
  readonly #open: number[] = [];
  #values = 0;
  #bytes = 0;
  #pieces = 0;
  /** Bytes left of a text and its end. */
  #textLeft = 0;
  #line = '';

  /** Takes the next bytes. @returns why the connection should end, before anything is made of them; null while all is well. */
  refusal(bytes: Buffer): string | null {
    this.#pieces += 1;
    if (this.#pieces > mostPieces) return 'an answer in too many pieces';
    let at = 0;
    while (at < bytes.length) {
      const start = at;
      let reason: string | null = null;
      if (this.#textLeft > 0) {
        at += Math.min(this.#textLeft, bytes.length - at);
        this.#bytes += at - start;
        this.#textLeft -= at - start;
        if (this.#textLeft === 0) this.#endValue();
      } else {
        const end = bytes.indexOf('\n', at);
        at = end === -1 ? bytes.length : end + 1;
        this.#bytes += at - start;
        this.#line += bytes.toString('latin1', start, at);
        reason = this.#readLine();
      }
      if (this.#bytes > mostBytes) return `an answer of more than ${mostBytes} bytes`;
      if (reason !== null) return reason;
    }
    return null;
  }

  #readLine(): string | null {
    const line = this.#line;
    if (line.length > mostLineBytes) return `a line of more than ${mostLineBytes} bytes`;
    const end = line.indexOf('\r');
    if (!line.endsWith('\n')) return end === -1 || end === line.length - 1 ? null : notRedis;
    if (end !== line.length - 2) return notRedis;
    this.#line = '';
    const [type = ''] = line;
    const content = line.slice(1, end);
    if (!contents[type]?.test(content)) return notRedis;
    this.#values += 1;
    if ('$!='.includes(type)) return this.#beginText(Number(content));
    if ('*~>%'.includes(type)) return this.#beginList(Number(content) * (type === '%' ? 2 : 1));
    this.#endValue();
    return null;
  }

  #beginText(length: number): string | null {
    if (length > mostTextBytes) return `a text of ${length} bytes`;
    if (length === -1) this.#endValue();
    else this.#textLeft = length + 2;
    return null;
  }

  #beginList(length: number): string | null {
    if (this.#values + length > mostValues) return `an answer of more than ${mostValues} values`;
    if (length <= 0) this.#endValue();
    else if (this.#open.push(length) > mostLevels) return `lists in lists, ${mostLevels} deep`;
    return null;
  }

  #endValue(): void {
    while (this.#open.length > 0) {
      const left = (this.#open.pop() ?? 0) - 1;
      if (left > 0) {
        this.#open.push(left);
        return;
      }
    }
    this.#values = 0;
    this.#bytes = 0;
    this.#pieces = 0;
  }
}

const notRedis = 'what is no answer of Redis';
