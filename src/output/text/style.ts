import { styleText } from 'node:util';

/** How text is emphasised; every way returns it unchanged where colour is not wanted. */
export interface Style {
  readonly isColoured: boolean;
  /** Width to keep to; undefined keeps everything whole, as for a file or a pipe. */
  readonly columns: number | undefined;
  good(text: string): string;
  bad(text: string): string;
  dim(text: string): string;
  bold(text: string): string;
}

/** Whether colour is wanted: `NO_COLOR` and `FORCE_COLOR` win over what the stream is. */
export function wantsColour(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  if (env['NO_COLOR']) return false;
  if (env['FORCE_COLOR']) return env['FORCE_COLOR'] !== '0';
  return stream.isTTY === true && env['TERM'] !== 'dumb';
}

export function createStyle(isColoured: boolean, columns?: number): Style {
  const paint = (format: Parameters<typeof styleText>[0]) => (text: string) =>
    isColoured ? styleText(format, text, { validateStream: false }) : text;
  return {
    isColoured,
    columns,
    good: paint('green'),
    bad: paint('red'),
    dim: paint('dim'),
    bold: paint('bold'),
  };
}
