import { AppError } from '../../errors/app-error.ts';
import { isSystemError } from '../../errors/system-error.ts';
import { runProcess } from '../run-process.ts';

/** What `ssh -G` says about a host, as far as it matters here. Paths may still hold `~` and tokens such as `%h`. */
export interface SshConfigFacts {
  readonly hostname: string;
  readonly user: string;
  readonly port: number;
  readonly family: 0 | 4 | 6;
  readonly identityFiles: readonly string[];
  readonly identitiesOnly: boolean;
  /** `none`, `SSH_AUTH_SOCK`, `$NAME` or a path; null when the configuration does not say. */
  readonly identityAgent: string | null;
  readonly userKnownHostsFiles: readonly string[];
  readonly globalKnownHostsFiles: readonly string[];
  readonly hostKeyAlias: string | null;
  /** As written: hops separated by commas. */
  readonly proxyJump: string | null;
  readonly proxyCommand: string | null;
  /** In seconds; null for the default. */
  readonly connectTimeoutS: number | null;
}

interface SshQuestion {
  readonly address: string;
  /** Null where OpenSSH is to decide. */
  readonly user: string | null;
  readonly port: number | null;
  /** In place of the user's and the system's configuration. */
  readonly configFile: string | null;
}

const limits = { timeoutMs: 10_000, maxStdoutBytes: 1 << 20 };

/**
 * What OpenSSH would do to reach an address: everything of `~/.ssh/config` and `/etc/ssh/ssh_config`, `Match` and
 * `Include` too. Null when there is no OpenSSH client on this machine.
 *
 * @throws AppError `config-invalid` when the address cannot be one or OpenSSH refuses its own configuration.
 */
export async function askOpenSsh(question: SshQuestion): Promise<SshConfigFacts | null> {
  assertAddress(question.address);
  const flags = [
    '-G',
    ...(question.configFile === null ? [] : ['-F', question.configFile]),
    ...(question.user === null ? [] : ['-l', question.user]),
    ...(question.port === null ? [] : ['-p', String(question.port)]),
  ];
  try {
    const { exitCode, stdout, stderrTail } = await runProcess(
      'ssh',
      [...flags, '--', question.address],
      limits,
    );
    if (exitCode === 0) return parseSshConfigOutput(stdout.toString('utf8'));
    const lastLine = stderrTail.trim().split('\n').at(-1)?.trim();
    throw refused(question.address, lastLine || 'ssh -G gave no answer');
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return null;
    throw error;
  }
}

/** An address becomes an argument of OpenSSH and a part of file names: it must be readable as nothing else. */
export function assertAddress(address: string): void {
  const [, alone, port] = /^((?:[^@]*@)?(?:[^:[\]@]+|\[[^\]]*\])):(\d{1,5})$/.exec(address) ?? [];
  if (alone !== undefined)
    throw new AppError({
      code: 'config-invalid',
      message: `The address ${JSON.stringify(address)} under [hosts] has a port in it, which is a setting of its own.`,
      nextStep: `Write address = ${JSON.stringify(alone)} and port = ${port} instead.`,
    });
  if (/^[^\s\0-][^\s\0/\\]*$/.test(address)) return;
  throw refused(address, 'that is neither a name, an address nor an alias of ~/.ssh/config');
}

function refused(address: string, reason: string): AppError {
  return new AppError({
    code: 'config-invalid',
    message: `The SSH settings of ${JSON.stringify(address)} cannot be used: ${reason}.`,
    nextStep:
      'Correct "address" under [hosts], or ~/.ssh/config; "ssh -G ADDRESS" shows what OpenSSH makes of it.',
  });
}

/** Reads the output of `ssh -G`: one setting on a line, its name in lower case. */
export function parseSshConfigOutput(output: string): SshConfigFacts {
  const settings = new Map<string, string[]>();
  for (const line of output.split('\n')) {
    const [, name, value] = /^(\S+) (.+?)\s*$/.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    settings.set(name, [...(settings.get(name) ?? []), value]);
  }
  const first = (name: string) => settings.get(name)?.[0] ?? null;
  const unlessNone = (name: string) => (first(name)?.toLowerCase() === 'none' ? null : first(name));
  return {
    hostname: first('hostname') ?? '',
    user: first('user') ?? '',
    port: Number(first('port') ?? 22),
    family: familyOf(first('addressfamily')),
    identityFiles: (settings.get('identityfile') ?? []).filter((file) => file.toLowerCase() !== 'none'),
    identitiesOnly: first('identitiesonly') === 'yes',
    identityAgent: first('identityagent'),
    userKnownHostsFiles: splitPaths(unlessNone('userknownhostsfile')),
    globalKnownHostsFiles: splitPaths(unlessNone('globalknownhostsfile')),
    hostKeyAlias: unlessNone('hostkeyalias'),
    proxyJump: unlessNone('proxyjump'),
    proxyCommand: unlessNone('proxycommand'),
    connectTimeoutS: Number.parseInt(first('connecttimeout') ?? '', 10) || null,
  };
}

/** One machine of a `ProxyJump` line. */
interface JumpSpec {
  readonly address: string;
  readonly user: string | null;
  readonly port: number | null;
}

/** `[ssh://][user@]host[:port]`, an IPv6 address in brackets; null when it is none of that. */
export function parseJumpSpec(text: string): JumpSpec | null {
  const spec = text
    .trim()
    .replace(/^ssh:\/\//, '')
    .replace(/\/$/, '');
  const match = /^(?:(?<user>.+)@)?(?:\[(?<v6>[^\]]+)\]|(?<host>[^:@[\]]+))(?::(?<port>\d{1,5}))?$/.exec(
    spec,
  );
  const address = match?.groups?.['v6'] ?? match?.groups?.['host'];
  if (!match?.groups || !address) return null;
  const port = match.groups['port'];
  return { address, user: match.groups['user'] ?? null, port: port === undefined ? null : Number(port) };
}

function familyOf(text: string | null): 0 | 4 | 6 {
  if (text === 'inet') return 4;
  return text === 'inet6' ? 6 : 0;
}

/** `ssh -G` writes several paths on one line without quotes: a path begins where its root, `~` or a token does. */
function splitPaths(text: string | null): readonly string[] {
  return text === null ? [] : text.split(/\s+(?=[~/%$]|[A-Za-z]:[\\/])/);
}
