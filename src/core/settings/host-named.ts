import { AppError } from '../../errors/app-error.ts';
import { nearestWord } from '../nearest-word.ts';
import { shellQuoted } from '../run/shell-quoted.ts';
import { hostsIn } from './host-list.ts';
import { type HostSettings, type QueueSettings, type Settings, settingsSchema } from './settings-schema.ts';

/** How long a machine of a list may be unreachable, in seconds. */
const defaultCopyAfterS = 60;

/** This machine, which is a host without any settings too. */
export const localHostName = 'local';

/** All workers of the queue of the settings, which are one host. */
export const queueHostName = 'queue';

/**
 * Settings of the host of this name.
 *
 * @throws AppError `host-unknown` that names the hosts there are, the nearest one first.
 */
export function hostNamed(settings: Settings, name: string): HostSettings {
  const found = Object.hasOwn(settings.hosts, name) ? settings.hosts[name] : undefined;
  if (found) return found;
  if (name === localHostName || name === queueHostName) return defaultHost();
  const known = [...new Set([localHostName, ...Object.keys(settings.hosts), ...Object.keys(settings.pools)])];
  const nearest = nearestWord(name, known);
  const others = `known: ${known.join(', ')}`;
  throw new AppError({
    code: 'host-unknown',
    message: `There is no host "${name}" in the settings; ${others}.`,
    nextStep: nearest
      ? `Did you mean "${nearest}"? Another machine is added as [hosts.${keyText(name)}] in config.toml.`
      : `Add it to config.toml: ${entryFor(name, known)}.`,
  });
}

/** What to write for a machine; an address that was typed in place of a name gets a name. */
function entryFor(typed: string, known: readonly string[]): string {
  if (!/^\S*[@.:]\S*$/.test(typed)) return `[hosts.${keyText(typed)}] with its address`;
  let number = 1;
  while (known.includes(`gpu${number}`)) number += 1;
  const name = `gpu${number}`;
  return `[hosts.${name}] with address = ${JSON.stringify(typed)}, and name it ${name} in commands`;
}

/** The machines that a run's host stands for, and how work is dealt to them. */
export interface NamedMachines {
  readonly names: readonly string[];
  /** Several machines, or a pool that may get more. */
  readonly isPool: boolean;
  /** How long a machine may be unreachable before its tasks are given to others, too. */
  readonly copyAfterMs: number;
  readonly copiesPrompts: boolean;
}

/**
 * What a host's name stands for: one machine, a list of them (`gpu1,gpu2`), or a pool of the settings.
 *
 * @throws AppError `host-unknown`; `config-invalid` for a pool that is named like a host.
 */
export function machinesNamed(settings: Settings, host: string): NamedMachines {
  const names = machineNamesOf(settings, host);
  for (const name of names) hostNamed(settings, name);
  const pool = poolOf(settings, hostsIn(host)[0] ?? '');
  return {
    names,
    isPool: names.length > 1 || pool !== null,
    copyAfterMs: Math.round((pool?.copy_after_s ?? defaultCopyAfterS) * 1000),
    copiesPrompts: pool?.copy_prompts ?? false,
  };
}

/** Workers that a host is configured for; of several machines all of theirs. */
export function workersOf(settings: Settings, host: string): number {
  const workers = machineNamesOf(settings, host).map((name) => settings.hosts[name]?.workers ?? 1);
  return workers.reduce((sum, some) => sum + some, 0);
}

/** Names of the machines that a host stands for, whether the settings know them or not. */
export function machineNamesOf(settings: Settings, host: string): string[] {
  const names = new Set(hostsIn(host).flatMap((part) => membersOf(settings, part)));
  return names.size === 0 ? [host] : [...names];
}

function membersOf(settings: Settings, name: string): readonly string[] {
  const pool = poolOf(settings, name);
  if (pool === null) return [name];
  // A resumed run notes its workers under its host's name, without an address.
  if (name !== localHostName && (settings.hosts[name]?.address ?? '') === '') return pool.hosts;
  throw new AppError({
    code: 'config-invalid',
    message: `"${name}" is both a host and a pool.`,
    nextStep: `Give one of [hosts.${keyText(name)}] and [pools.${keyText(name)}] another name.`,
  });
}

function poolOf(settings: Settings, name: string): Settings['pools'][string] | null {
  return Object.hasOwn(settings.pools, name) ? (settings.pools[name] ?? null) : null;
}

function defaultHost(): HostSettings {
  const { hosts } = settingsSchema.parse({ hosts: { [localHostName]: {} } });
  const [host] = Object.values(hosts);
  if (!host) throw new TypeError('the schema dropped a host');
  return host;
}

function keyText(name: string): string {
  return /^[\w-]+$/.test(name) ? name : JSON.stringify(name);
}

/** Starts a worker of the queue of the settings, as a person types it. */
export function workerCommandOf({ url, store }: QueueSettings): string {
  return ['cosmos worker', '--queue', shellQuoted(url), '--store', shellQuoted(store)].join(' ');
}
