import type { SampleControl } from '../sample.ts';

export function namesOf(controls: readonly SampleControl[]): string {
  return controls.map(({ kind }) => kind).join('+');
}

/** Without the entries that say nothing. */
export function withoutNulls(object: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null && value !== ''));
}

export function jsonLines(objects: readonly object[]): string {
  return objects.map((object) => `${JSON.stringify(object)}\n`).join('');
}

export function prettyJson(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** The launcher of several processes; its port is named because several launchers may run on one machine. */
export const torchrun = ['torchrun', '--nproc_per_node={num_gpu}', '--master_port={port}'] as const;
