import { printable } from '../../core/printable.ts';
import { shellQuoted } from '../../core/run/shell-quoted.ts';
import { formatTable } from './columns.ts';
import type { Style } from './style.ts';

interface ShownSetting {
  readonly name: string;
  readonly value: unknown;
}

/** Longer values are cut, and said to be: a command of this length is no command. */
const maxValueLength = 4_000;

/** Names that are listed in a sentence. */
const maxNamed = 6;

/** Settings with their values, a line each. */
export function privilegedLines(settings: readonly ShownSetting[]): string[] {
  const rows = settings.map(({ name, value }) => [printable(name), valueText(value)]);
  return formatTable(rows).map((line) => `  ${line}`);
}

/** What a file of settings has that needs approval, before the user is asked. */
export function trustQuestion(path: string, settings: readonly ShownSetting[]): string {
  return [
    `${printable(path)} has settings that run programs, send data, or name machines and places, and that you have not approved:`,
    ...privilegedLines(settings),
  ].join('\n');
}

/** What a run does that the user did not start, before they are asked. */
export function runTrustQuestion(folder: string, settings: readonly ShownSetting[]): string {
  return [
    `cosmos has no record that you started the run in ${printable(folder)} on this machine (earlier versions kept none). It says for itself what to read, send and write:`,
    ...privilegedLines(settings),
  ].join('\n');
}

/** Settings that are not approved, as a sentence. */
export function notApprovedText(path: string, settings: readonly ShownSetting[]): string {
  const names = settings.slice(0, maxNamed).map(({ name }) => name);
  const more = settings.length > maxNamed ? ` and ${settings.length - maxNamed} more` : '';
  return `${path} has settings that you have not approved: ${names.join(', ')}${more}.`;
}

/** Settings that are not approved, a line each, and how they are approved. */
export function notApprovedList(file: {
  readonly path: string;
  readonly settings: readonly ShownSetting[];
  readonly refusal: { readonly reason: string; readonly fix: string } | null;
}): string {
  const { path, settings, refusal } = file;
  const fix = refusal ? `${refusal.reason}: ${refusal.fix}` : `approve them with: ${trustCommand(path)}`;
  return [`Not approved, so these of ${path} do not count; ${fix}`, ...privilegedLines(settings)].join('\n');
}

/** The command that approves a file or a run. */
export function trustCommand(path: string): string {
  return `cosmos trust ${shellQuoted(path)}`;
}

interface ShownApproval {
  readonly kind: 'settings' | 'run';
  readonly path: string;
  readonly approved_at: string;
  readonly settings: readonly string[];
}

interface Trusted {
  readonly kind: 'settings' | 'run';
  readonly path: string;
  readonly settings: readonly ShownSetting[];
  readonly was_approved: boolean;
}

/** What was approved, with its settings. */
export function formatTrusted(trusted: readonly Trusted[], style: Style): string {
  const lines = trusted.flatMap(({ kind, path, settings, was_approved: wasApproved }) => {
    const shown = printable(path);
    if (settings.length === 0) return [`${shown} has no settings that need approval.`];
    const what = kind === 'run' ? `The run in ${shown}` : `These settings of ${shown}`;
    const [verb, them, change] = kind === 'run' ? ['is', 'it', 'changes'] : ['are', 'they', 'change'];
    const done = wasApproved ? 'approved already' : `approved now, until ${them} ${change}`;
    return [style.bold(`${what} ${verb} ${done}:`), ...privilegedLines(settings)];
  });
  return `${lines.join('\n')}\n`;
}

/** What the user approved, a line each. */
export function formatApprovals(approvals: readonly ShownApproval[], style: Style): string {
  if (approvals.length === 0) return 'You have approved nothing.\n';
  const rows = approvals.map(({ kind, path, approved_at: at, settings }) => [
    at.slice(0, 10),
    kind,
    printable(path),
    printable(settings.join(', ')),
  ]);
  const [head = '', ...lines] = formatTable([['APPROVED', 'WHAT', 'PATH', 'SETTINGS'], ...rows]);
  return `${[style.bold(head), ...lines].join('\n')}\n`;
}

/** What is no longer approved. */
export function formatRevoked(path: string, revoked: readonly ShownApproval[]): string {
  if (revoked.length === 0) return `Nothing of ${printable(path)} was approved.\n`;
  return revoked.map((approval) => `No longer approved: ${printable(approval.path)}\n`).join('');
}

function valueText(value: unknown): string {
  const text = printable(JSON.stringify(value) ?? '');
  const left = text.length - maxValueLength;
  return left > 0 ? `${text.slice(0, maxValueLength)}… (${left} more characters)` : text;
}
