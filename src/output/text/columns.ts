const wide =
  /\p{Emoji_Presentation}|\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|[\u3000-\u303f\uff01-\uff60\uffe0-\uffe6]/u;
const combining = /\p{Mn}|\p{Me}/u;

/** Columns that one line of text takes on a terminal: East Asian letters and emoji take two, combining marks none. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += columnsOfCharacter(character);
  return columns;
}

/** `text`, with spaces behind it up to `columns`. */
export function padded(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - columnsOf(text)));
}

/** `text` in at most `columns`: what does not fit gives way to `…` at the end. */
export function cutAtEnd(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  return columns < 1 ? '' : `${startOf([...text], columns - 1)}…`;
}

/** `text` in at most `columns`: what does not fit gives way to `…` in the middle, as in `2026/harb…8d08.json`. */
export function cutInMiddle(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  if (columns < 1) return '';
  const characters = [...text];
  const start = startOf(characters, Math.floor((columns - 1) / 2));
  const end = startOf(characters.reverse(), columns - 1 - columnsOf(start));
  return `${start}…${[...end].reverse().join('')}`;
}

/** `text` as lines of at most `columns`, divided between words; a longer word is divided inside. */
export function wrapped(text: string, columns: number): string[] {
  const width = Math.max(2, columns);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((part) => pieces(part, width))) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (columnsOf(longer) <= width) {
      line = longer;
    } else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line];
}

/** Rows as columns of equal width, two spaces apart; the last column is not padded. */
export function formatTable(rows: readonly (readonly string[])[]): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    rows.reduce((widest, row) => Math.max(widest, columnsOf(row[column] ?? '')), 0),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => padded(cell, widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** What is always left of a cell that gives way, in columns. */
const minCellColumns = 6;

/**
 * Rows as {@link formatTable} sets them, in at most `columns`.
 *
 * @param columns - Undefined leaves every cell whole, as for a file or a pipe.
 * @param yielding - Columns of the table that are shortened in the middle where it is too wide, the first one first.
 */
export function fittedTable(
  rows: readonly (readonly string[])[],
  columns: number | undefined,
  yielding: readonly number[],
): string[] {
  let fitting = rows;
  for (const column of yielding) {
    const table = formatTable(fitting);
    const tooMuch = Math.max(0, ...table.map(columnsOf)) - (columns ?? Number.POSITIVE_INFINITY);
    if (tooMuch <= 0) return table;
    const widest = Math.max(...fitting.map((row) => columnsOf(row[column] ?? '')));
    const left = Math.max(Math.min(minCellColumns, widest), widest - tooMuch);
    fitting = fitting.map((row) => row.map((cell, at) => (at === column ? cutInMiddle(cell, left) : cell)));
  }
  return formatTable(fitting);
}

/**
 * How much of something is used or done, as a bar of `columns`, full only at the end: `███░░░`.
 *
 * @param ahead - How far it is with what is under way, which does not count yet: `██▓░░░`.
 */
export function meter(part: number, columns: number, ahead = part): string {
  const fullTo = (share: number) => Math.floor(Math.min(1, Math.max(0, share)) * columns) || 0;
  const [full, open] = [fullTo(part), Math.max(fullTo(part), fullTo(ahead))];
  return '█'.repeat(full) + '▓'.repeat(open - full) + '░'.repeat(columns - open);
}

function pieces(word: string, columns: number): string[] {
  const found: string[] = [];
  let rest = [...word];
  while (columnsOf(rest.join('')) > columns) {
    const piece = startOf(rest, columns);
    found.push(piece);
    rest = rest.slice([...piece].length);
  }
  return [...found, rest.join('')];
}

function startOf(characters: readonly string[], columns: number): string {
  let taken = 0;
  let start = '';
  for (const character of characters) {
    taken += columnsOfCharacter(character);
    if (taken > columns) break;
    start += character;
  }
  return start;
}

function columnsOfCharacter(character: string): number {
  if (character < '\u0300') return 1;
  if (combining.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}
