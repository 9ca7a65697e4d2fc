import { access } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import type { HostSettings } from '../../core/settings/settings-schema.ts';
import { AppError } from '../../errors/app-error.ts';
import { expandHome } from '../cosmos-folders.ts';
import { askOpenSsh, assertAddress, parseJumpSpec, type SshConfigFacts } from './openssh-config.ts';
import type { SshTarget } from './ssh-target.ts';

/** What the tokens of OpenSSH's configuration stand for. */
interface PathTokens {
  readonly hostname: string;
  readonly port: number;
  readonly user: string;
  /** The host as it was asked for. */
  readonly original: string;
}

/** The part of `[hosts.NAME]` that says how to get there. */
export type SshSettings = Pick<
  HostSettings,
  'address' | 'port' | 'user' | 'identity_file' | 'known_hosts_file'
>;

export interface ResolveOptions {
  readonly env: NodeJS.ProcessEnv;
  /** OpenSSH's configuration, in place of the user's and the system's. */
  readonly sshConfigFile?: string;
}

/** How one machine is asked for; null where OpenSSH's configuration decides. */
interface Wanted {
  readonly name: string;
  readonly address: string;
  readonly user: string | null;
  readonly port: number | null;
  readonly identityFile: string | null;
  readonly knownHostsFile: string | null;
}

const defaults = { port: 22, knownHostsFile: '~/.ssh/known_hosts' };
const defaultIdentityFiles = ['~/.ssh/id_ed25519', '~/.ssh/id_ecdsa', '~/.ssh/id_rsa'];
const globalKnownHostsFile = '/etc/ssh/ssh_known_hosts';
const defaultConnectTimeoutMs = 10_000;
const maxHops = 8;

/**
 * Decides every setting of the way to a host: what is set under `[hosts.NAME]` wins, then OpenSSH's own
 * configuration, then OpenSSH's defaults.
 *
 * @throws AppError `config-invalid` for an address, key file or proxy that cannot work.
 */
export async function resolveTarget(
  name: string,
  settings: SshSettings,
  options: ResolveOptions,
): Promise<SshTarget> {
  const wanted: Wanted = {
    name,
    address: settings.address,
    user: settings.user || null,
    port: settings.port === defaults.port ? null : settings.port,
    identityFile: settings.identity_file ? expandHome(settings.identity_file) : null,
    knownHostsFile:
      settings.known_hosts_file === defaults.knownHostsFile ? null : expandHome(settings.known_hosts_file),
  };
  if (wanted.identityFile !== null) await assertReadable(name, wanted.identityFile);
  const { target, facts } = await resolveOne(wanted, options);
  const jumps = facts?.proxyJump ?? null;
  if (jumps === null) return target;
  return { ...target, proxyJump: await resolveJumps(jumps, wanted, options, 0) };
}

async function resolveOne(
  wanted: Wanted,
  options: ResolveOptions,
): Promise<{ readonly target: SshTarget; readonly facts: SshConfigFacts | null }> {
  assertAddress(wanted.address);
  const facts = await askOpenSsh({ ...wanted, configFile: options.sshConfigFile ?? null });
  if (facts?.proxyCommand) throw unsupportedProxy(wanted.name);
  const at = wanted.address.lastIndexOf('@');
  const userBefore = wanted.address.slice(0, Math.max(at, 0));
  const basic = {
    hostname: facts?.hostname || wanted.address.slice(at + 1),
    port: wanted.port ?? facts?.port ?? defaults.port,
    user: wanted.user ?? (facts?.user || userBefore || thisUser().name),
  };
  const tokens: PathTokens = { ...basic, original: wanted.address };
  const expand = (paths: readonly string[]) =>
    paths.map((path) => expandConfigPath(path, tokens, options.env));
  const identityFiles = expand(facts?.identityFiles ?? defaultIdentityFiles);
  const target: SshTarget = {
    name: wanted.name,
    ...basic,
    family: facts?.family ?? 0,
    identityFiles: [...new Set([wanted.identityFile ?? [], identityFiles].flat())],
    chosenIdentityFile: wanted.identityFile,
    identitiesOnly: facts?.identitiesOnly ?? false,
    identityAgent: agentSocket(facts?.identityAgent ?? null, tokens, options.env),
    knownHostsFiles: [
      ...(wanted.knownHostsFile === null ? expand(userKnownHostsFiles(facts)) : [wanted.knownHostsFile]),
      ...expand(facts?.globalKnownHostsFiles ?? [globalKnownHostsFile]),
    ],
    hostKeyAlias: facts?.hostKeyAlias ?? null,
    proxyJump: [],
    connectTimeoutMs: facts?.connectTimeoutS ? facts.connectTimeoutS * 1000 : defaultConnectTimeoutMs,
  };
  return { target, facts };
}

/** Where OpenSSH is set to forget all keys, cosmos still checks them: against the usual file. */
function userKnownHostsFiles(facts: SshConfigFacts | null): readonly string[] {
  const files = facts?.userKnownHostsFiles.filter((file) => file !== '/dev/null') ?? [];
  return files.length > 0 ? files : [defaults.knownHostsFile];
}

/** The machines of a `ProxyJump` line; the first one may itself be behind others. */
async function resolveJumps(
  jumps: string,
  requested: Wanted,
  options: ResolveOptions,
  depth: number,
): Promise<readonly SshTarget[]> {
  const hops: SshTarget[] = [];
  const specs = jumps.split(',');
  if (depth + specs.length > maxHops)
    throw badJump(requested.name, jumps, `it has more than ${maxHops} hops`);
  for (const [index, text] of specs.entries()) {
    const spec = parseJumpSpec(text);
    if (!spec) throw badJump(requested.name, jumps, `"${text}" is not user@host:port`);
    const wanted: Wanted = { ...requested, ...spec, name: spec.address };
    const { target, facts } = await resolveOne(wanted, options);
    if (index === 0 && facts?.proxyJump) {
      hops.push(...(await resolveJumps(facts.proxyJump, requested, options, depth + specs.length)));
    }
    hops.push(target);
  }
  return hops;
}

async function assertReadable(name: string, file: string): Promise<void> {
  await access(file).catch((cause: unknown) => {
    throw new AppError({
      code: 'config-invalid',
      message: `The identity_file of host "${name}" cannot be read: ${file}.`,
      nextStep: `Correct identity_file under [hosts.${name}], or leave it out to use your SSH agent and default keys.`,
      cause,
    });
  });
}

function unsupportedProxy(name: string): AppError {
  return new AppError({
    code: 'config-invalid',
    message: `Your SSH configuration reaches "${name}" through a ProxyCommand, which cosmos does not run.`,
    nextStep:
      'Use ProxyJump in ~/.ssh/config instead: it works, and the key of every machine on the way is checked.',
  });
}

function badJump(name: string, jumps: string, reason: string): AppError {
  return new AppError({
    code: 'config-invalid',
    message: `The ProxyJump of host "${name}", ${jumps}, cannot be used: ${reason}.`,
    nextStep: 'Correct ProxyJump in ~/.ssh/config; "ssh -G ADDRESS" shows what OpenSSH makes of it.',
  });
}

/** A path of OpenSSH's configuration, with `~`, `%` tokens and `${NAME}` replaced. */
export function expandConfigPath(path: string, tokens: PathTokens, env: NodeJS.ProcessEnv): string {
  const user = thisUser();
  const values: Record<string, string> = {
    '%': '%',
    d: homedir(),
    h: tokens.hostname,
    i: user.number,
    n: tokens.original,
    p: String(tokens.port),
    r: tokens.user,
    u: user.name,
  };
  const replaced = path
    .replace(/%(.)/g, (whole, token: string) => values[token] ?? whole)
    .replace(/\$\{(\w+)\}/g, (whole, name: string) => env[name] ?? whole);
  return expandHome(replaced);
}

/**
 * The socket of the agent to ask, or null.
 *
 * @param configured - `IdentityAgent` of the configuration; null when it does not say.
 */
export function agentSocket(
  configured: string | null,
  tokens: PathTokens,
  env: NodeJS.ProcessEnv,
): string | null {
  if (configured?.toLowerCase() === 'none') return null;
  if (configured !== null && configured !== 'SSH_AUTH_SOCK') {
    if (/^\$\w+$/.test(configured)) return env[configured.slice(1)] || null;
    return expandConfigPath(configured, tokens, env);
  }
  const windowsAgent = process.platform === 'win32' ? '\\\\.\\pipe\\openssh-ssh-agent' : null;
  return env['SSH_AUTH_SOCK'] || windowsAgent;
}

/** Who runs this program; a user whom the system has no name for is known by the number. */
function thisUser(): { readonly name: string; readonly number: string } {
  try {
    const { username, uid } = userInfo();
    return { name: username, number: String(uid) };
  } catch {
    const number = String(process.getuid?.() ?? '');
    return { name: number, number };
  }
}
