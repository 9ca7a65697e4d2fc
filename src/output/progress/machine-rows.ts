import { printable } from '../../core/printable.ts';
import type { MachineStanding } from '../../core/run/machine-timeline.ts';
import type { MachineEvent } from '../../core/run/run-status.ts';
import { counted, numeral, rateText } from '../text/format.ts';
import type { BarRow } from './bar-stack.ts';

/** Rows of machines on a terminal: with more, those that stand out are shown and the others added up. */
const maxRows = 8;

/** A row for each machine: what it has done, what it has, how quick it is; or why it does nothing. */
export function machineRows(machines: readonly MachineStanding[]): BarRow[] {
  if (machines.length <= maxRows) return machines.map(machineRow);
  const ordered = machines.toSorted((one, other) => prominence(other) - prominence(one));
  const shown = ordered.slice(0, maxRows - 1);
  const others = ordered.slice(maxRows - 1);
  const done = others.reduce((sum, { tasks }) => sum + tasks, 0);
  const text = `${counted(others.length, 'more machine')} · ${numeral(done)} done`;
  return [...shown.map(machineRow), { what: '…', done: 0, total: null, text }];
}

function machineRow({ machine, state, message, tasks, underWay, framesPerSecond }: MachineStanding): BarRow {
  const parts = [`${numeral(tasks)} done`];
  if (state === 'working') parts.push(`${numeral(underWay)} under way`);
  else parts.push(message === null ? state : `${state}: ${printable(message)}`);
  if (state === 'working' && framesPerSecond !== null) parts.push(rateText(framesPerSecond));
  return { what: printable(machine), done: 0, total: null, text: parts.join(' · ') };
}

/** What is amiss comes first, then who did most. */
function prominence({ state, tasks }: MachineStanding): number {
  return state === 'working' ? tasks : Number.POSITIVE_INFINITY;
}

/** Part of a line in a log: `3 machines at work`, `2 of 3 machines at work`; nothing for one machine. */
export function machinesPart(machines: readonly MachineStanding[]): string[] {
  if (machines.length === 0) return [];
  const working = machines.filter(({ state }) => state === 'working').length;
  const all = counted(machines.length, 'machine');
  return [working === machines.length ? `${all} at work` : `${numeral(working)} of ${all} at work`];
}

/** What a person reads when a machine's state changes; null where there is nothing to be known. */
export function machineText(
  { machine, state, message }: Extract<MachineEvent, { type: 'machine-changed' }>,
  before: readonly MachineStanding[],
): string | null {
  const name = printable(machine);
  const reason = message === null ? '' : `: ${printable(message).replace(/\.$/, '')}`;
  const was = before.find((standing) => standing.machine === machine)?.state;
  if (state === was) return null;
  if (state === 'unreachable')
    return `${name} is unreachable${reason} — what it has keeps running; trying again`;
  if (state === 'waiting') return `${name} waits${reason} — it resumes by itself once that is fixed`;
  if (state === 'refused') return `${name} is refused${reason}`;
  if (state === 'ended') return `${name} takes no more work${reason}`;
  return was === undefined ? null : `${name} works again`;
}
