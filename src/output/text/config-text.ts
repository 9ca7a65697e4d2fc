import { relative } from 'node:path';
import { printable } from '../../core/printable.ts';
import { cutAtEnd, fittedTable } from './columns.ts';
import type { Style } from './style.ts';

/** Longer values are shown with their beginning, on a terminal. */
const valueColumns = 40;

interface ShownSetting {
  readonly name: string;
  readonly value: unknown;
  readonly source: string | null;
}

/** Settings by name, with where each comes from. @param columns - Width to keep to; undefined keeps all whole. */
export function formatSettings(settings: readonly ShownSetting[], style: Style, columns?: number): string {
  if (settings.length === 0) return 'Every setting has its default. All of them: cosmos config show --all\n';
  const rows = settings.map(({ name, value, source }) => {
    const text = printable(JSON.stringify(value) ?? '');
    return [
      printable(name),
      columns === undefined ? text : cutAtEnd(text, valueColumns),
      source === null ? 'default' : sourceText(source),
    ];
  });
  const [head = '', ...body] = fittedTable([['SETTING', 'VALUE', 'FROM'], ...rows], columns, [2, 1, 0]);
  const lines = body.map((line, index) => (settings[index]?.source === null ? style.dim(line) : line));
  return `${[style.bold(head), ...lines].join('\n')}\n`;
}

interface ShownFile {
  readonly path: string;
  readonly role: 'user' | 'project' | 'named';
  readonly is_there: boolean;
  readonly is_approved: boolean | null;
}

const roleTexts = { user: 'yours, for every folder', project: 'of this folder', named: '--config' } as const;

/** The settings files, weakest first. */
export function formatSettingsFiles(files: readonly ShownFile[], style: Style): string {
  const lines = files.map(({ path, role, is_there: isThere, is_approved: isApproved }) => {
    const approval = isApproved === null ? '' : isApproved ? ', approved' : ', in part: not approved';
    const state = isThere ? `${style.good('used')}${approval}` : style.dim('not there');
    return `${printable(path)}  (${roleTexts[role]}; ${state})`;
  });
  return `${lines.join('\n')}\n`;
}

/** A settings file in a few words. */
export function settingsFileText({ path, role, is_approved: isApproved }: ShownFile): string {
  const approval = isApproved === null ? '' : isApproved ? ', approved' : ', not approved';
  return `${printable(path)} (${roleTexts[role]}${approval})`;
}

/** A path below the working folder by its name there. */
function sourceText(source: string): string {
  const near = relative('', source);
  return printable(near.startsWith('..') || !source.includes('config') ? source : near);
}
