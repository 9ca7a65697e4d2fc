import { AppError } from '../../errors/app-error.ts';
import { isSystemError } from '../../errors/system-error.ts';
import { runProcess } from '../run-process.ts';
import { parseSshConfigOutput, type SshConfigFacts } from './ssh-config-output.ts';

/** A question to OpenSSH's client about the settings of a host. */
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
    const { exitCode, stdout, stderr } = await runProcess('ssh', [...flags, '--', question.address], limits);
    if (exitCode === 0) return parseSshConfigOutput(stdout.toString('utf8'));
    throw refused(question.address, lastLine(stderr) || 'ssh -G gave no answer');
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return null;
    throw error;
  }
}

/** An address goes to OpenSSH as an argument and into names of files: it must not be taken for anything else. */
export function assertAddress(address: string): void {
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

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() ?? '';
}
