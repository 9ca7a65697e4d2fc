/** A piece of a line in one style, as a terminal shows it. */
interface Run {
  readonly column: number;
  readonly text: string;
  readonly colour: string;
  readonly isBold: boolean;
}

const cellWidth = 8.4;
const lineHeight = 19;
const padding = 18;
const titleHeight = 30;

/** The escape sequence for colours and weight, `ESC [ … m`. */
const styleChange = new RegExp(`${String.fromCharCode(27)}\\[([\\d;]*)m`);

const plain = '#d8dee9';
const colours: Readonly<Record<number, string>> = {
  31: '#ef7f86',
  32: '#9fd08a',
  33: '#e8c977',
  34: '#88b0e0',
  36: '#83c9cf',
  90: '#8a94a6',
};

/**
 * Draws screens of a terminal below each other as one SVG.
 *
 * @param screens - Text with the escape sequences for colours, as `tmux capture-pane -e` gives it, and what to
 * write above each.
 * @param columns - Width of the terminal.
 * @param name - What the picture shows, for those who cannot see it.
 */
export function terminalSvg(
  screens: readonly { readonly title: string; readonly text: string }[],
  columns: number,
  name: string,
): string {
  const width = Math.round(columns * cellWidth + 2 * padding);
  const parts: string[] = [];
  let top = 0;
  for (const { title, text } of screens) {
    const lines = text.trimEnd().split('\n');
    const height = titleHeight + lines.length * lineHeight + padding;
    parts.push(
      `<rect x="0" y="${top}" width="${width}" height="${height}" rx="8" fill="#20242c"/>`,
      `<text x="${width / 2}" y="${top + 20}" class="title">${escapeXml(title)}</text>`,
      ...lines.map((line, index) => lineSvg(line, top + titleHeight + (index + 0.75) * lineHeight)),
    );
    top += height + 12;
  }
  const style =
    'text{font:14px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre}' +
    '.title{font:12px system-ui,sans-serif;text-anchor:middle;fill:#8a94a6}';
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${top - 12}" width="${width}" role="img" xml:space="preserve">`,
    `<title>${escapeXml(name)}</title>`,
    `<style>${style}</style>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

function lineSvg(line: string, y: number): string {
  const spans = runsOf(line)
    .filter(({ text }) => text.trim() !== '')
    .map(({ column, text: padded, colour, isBold }) => {
      const text = padded.trim();
      const weight = isBold ? ' font-weight="700"' : '';
      const length = ` textLength="${round(text.length * cellWidth)}"`;
      const x = round(padding + (column + padded.length - padded.trimStart().length) * cellWidth);
      return `<tspan x="${x}"${length} fill="${colour}"${weight}>${escapeXml(text)}</tspan>`;
    });
  return spans.length === 0 ? '' : `<text y="${round(y)}">${spans.join('')}</text>`;
}

/** Cuts a line where its style changes. */
function runsOf(line: string): Run[] {
  const runs: Run[] = [];
  let style = { colour: plain, isBold: false };
  let column = 0;
  for (const [index, part] of line.split(styleChange).entries()) {
    if (index % 2 === 1) style = restyled(style, part);
    else if (part !== '') {
      runs.push({ column, text: part, ...style });
      column += part.length;
    }
  }
  return runs;
}

function restyled(style: { colour: string; isBold: boolean }, codes: string) {
  let { colour, isBold } = style;
  for (const code of codes.split(';').map(Number)) {
    if (code === 0) [colour, isBold] = [plain, false];
    else if (code === 1) isBold = true;
    else if (code === 2) colour = '#8a94a6';
    else if (code === 22) [colour, isBold] = [plain, false];
    else if (code === 39) colour = plain;
    else colour = colours[code] ?? colour;
  }
  return { colour, isBold };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
