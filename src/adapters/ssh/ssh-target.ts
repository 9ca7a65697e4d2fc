/** One machine to reach over SSH, with every setting decided: nothing is left to look up but names of hosts. */
export interface SshTarget {
  /** What a person calls it: the name under `[hosts]`, or the jump host as it was written. */
  readonly name: string;
  /** Name or address to connect to. */
  readonly hostname: string;
  readonly port: number;
  readonly user: string;
  /** IP version to use; 0 takes either. */
  readonly family: 0 | 4 | 6;
  /** Private keys to offer, in order; those that do not exist are passed over. */
  readonly identityFiles: readonly string[];
  /** The one of `identityFiles` that was asked for by name: offered before all others. Null when none was. */
  readonly chosenIdentityFile: string | null;
  /** Offer only keys of `identityFiles`, also when the agent has more. */
  readonly identitiesOnly: boolean;
  /** Socket of the agent; null when there is none to ask. */
  readonly identityAgent: string | null;
  /** Files in the format of OpenSSH's `known_hosts`, the user's first. */
  readonly knownHostsFiles: readonly string[];
  /** Name to look the host's key up by, in place of its address. */
  readonly hostKeyAlias: string | null;
  /** Machines to go through, the nearest first; their own `proxyJump` is empty. */
  readonly proxyJump: readonly SshTarget[];
  /** Time for one connection to come about, in milliseconds. */
  readonly connectTimeoutMs: number;
}

/** `user@hostname:port`, for a person. */
export function addressOf(target: Pick<SshTarget, 'user' | 'hostname' | 'port'>): string {
  const hostname = target.hostname.includes(':') ? `[${target.hostname}]` : target.hostname;
  return `${target.user}@${hostname}:${target.port}`;
}

/** `Host "NAME" (user@hostname:port)`, the way an error begins. */
export function titleOf(target: SshTarget): string {
  return `Host "${target.name}" (${addressOf(target)})`;
}

/** An OpenSSH command that goes the same way, for a person to type. */
export function sshCommand(target: SshTarget, options: readonly string[]): string {
  const { user, hostname, port, proxyJump } = target;
  const hops = proxyJump.map(addressOf).join(',');
  return [
    'ssh',
    ...options.map((option) => `-o ${option}`),
    ...(hops === '' ? [] : [`-J ${hops}`]),
    ...(port === 22 ? [] : [`-p ${port}`]),
    `${user}@${hostname}`,
  ].join(' ');
}

/** The name a host's key is filed under in `known_hosts`. */
export function keyNameOf(target: SshTarget): string {
  if (target.hostKeyAlias !== null) return target.hostKeyAlias.toLowerCase();
  const hostname = target.hostname.toLowerCase();
  return target.port === 22 ? hostname : `[${hostname}]:${target.port}`;
}
