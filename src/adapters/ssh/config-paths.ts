import { homedir, userInfo } from 'node:os';
import { expandHome } from '../cosmos-folders.ts';

/** What the tokens of OpenSSH's configuration stand for. */
export interface PathTokens {
  readonly hostname: string;
  readonly port: number;
  readonly user: string;
  /** The host as it was asked for. */
  readonly original: string;
}

/** A path of OpenSSH's configuration, with `~`, `%` tokens and `${NAME}` replaced. */
export function expandConfigPath(path: string, tokens: PathTokens, env: NodeJS.ProcessEnv): string {
  const values: Record<string, string> = {
    '%': '%',
    d: homedir(),
    h: tokens.hostname,
    i: String(userInfo().uid),
    n: tokens.original,
    p: String(tokens.port),
    r: tokens.user,
    u: userInfo().username,
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
