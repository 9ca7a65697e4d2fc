import { printable } from '../../core/printable.ts';
import { fittedTable } from './columns.ts';
import { bytesText, counted } from './format.ts';
import type { Style } from './style.ts';

/** Things of one kind that are named; `--json` has them all. */
const maxNamed = 20;

const kinds = ['run', 'container', 'image', 'upload', 'object'] as const;

export interface ListedThing {
  readonly kind: (typeof kinds)[number];
  readonly name: string;
  readonly size_bytes: number | null;
  readonly reason: string;
}

/** What could be removed: a line a thing with its size and why, and what it adds up to. */
export function formatUnneeded(things: readonly ListedThing[], host: string, style: Style): string {
  if (things.length === 0) return `There is nothing on ${printable(host)} that no run needs.\n`;
  const named = kinds.flatMap((kind) => namedRows(things.filter((thing) => thing.kind === kind)));
  const rows = named.map(({ cells }) => cells);
  const table = fittedTable(rows, style.columns, [3, 1]);
  const lines = table.flatMap((line, index) => {
    const more = named[index]?.more ?? '';
    return more === '' ? [line] : [line, style.dim(more)];
  });
  return `${[...lines, '', `No run needs ${sumText(things)} on ${printable(host)}.`].join('\n')}\n`;
}

/** What was removed, and what turned out to be needed. */
export function formatRemoved(removed: readonly ListedThing[], listed: number, host: string): string {
  const kept = listed - removed.length;
  const keptText = kept > 0 ? ` ${counted(kept, 'thing')} kept: needed by now, or already gone.` : '';
  return removed.length === 0
    ? `Nothing was removed from ${printable(host)}.${keptText}\n`
    : `Removed ${sumText(removed)} from ${printable(host)}.${keptText}\n`;
}

/** `2 runs and 14 objects, 1.2 GiB` */
function sumText(things: readonly ListedThing[]): string {
  const counts = kinds.flatMap((kind) => {
    const count = things.filter((thing) => thing.kind === kind).length;
    return count > 0 ? [counted(count, kind)] : [];
  });
  const last = counts.pop() ?? '';
  const bytes = things.reduce((sum, { size_bytes: size }) => sum + (size ?? 0), 0);
  const names = counts.length > 0 ? `${counts.join(', ')} and ${last}` : last;
  return bytes > 0 ? `${names}, ${bytesText(bytes)}` : names;
}

function namedRows(things: readonly ListedThing[]): { readonly cells: string[]; readonly more: string }[] {
  const left = things.slice(maxNamed);
  return things.slice(0, maxNamed).map(({ kind, name, size_bytes: size, reason }, index) => ({
    cells: [kind, shortName(kind, name), size === null ? '—' : bytesText(size), printable(reason)],
    more: index === maxNamed - 1 && left.length > 0 ? `… and ${sumText(left)} more` : '',
  }));
}

/** A whole hash says nothing more to a person than its beginning. */
function shortName(kind: ListedThing['kind'], name: string): string {
  const hash = name.replace(/^sha256:/, '');
  const isHash = kind === 'object' || hash !== name;
  return isHash ? `${printable(hash.slice(0, 12))}…` : printable(name);
}
