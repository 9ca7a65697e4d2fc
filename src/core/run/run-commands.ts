import { shellQuoted } from './shell-quoted.ts';

/** The command that continues a run of any kind, as it is typed. */
export function resumeCommand(runId: string): string {
  return `cosmos resume ${shellQuoted(runId)}`;
}

/** The command that follows a run whose work keeps running by itself. */
export function attachCommand(runId: string): string {
  return `cosmos attach ${shellQuoted(runId)}`;
}

/** The command that writes the report of a run again. */
export function reportCommand(runId: string): string {
  return `cosmos report ${shellQuoted(runId)}`;
}

/** The command that stops a run, wherever its work is. */
export function cancelCommand(runId: string): string {
  return `cosmos cancel ${shellQuoted(runId)}`;
}
