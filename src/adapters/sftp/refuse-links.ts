import { AppError } from '../../errors/app-error.ts';
import type { SftpSession } from './sftp-session.ts';

/**
 * Checks that folders are no links: what is written, listed or removed below a link happens elsewhere, and a program in
 * a container could have put one there. A folder that is missing is fine.
 *
 * @throws AppError `host-refused`
 */
export async function refuseLinks(session: SftpSession, folders: readonly string[]): Promise<void> {
  const found = await Promise.all(folders.map((folder) => session.lstat(folder)));
  const at = found.findIndex((stats) => stats !== null && !stats.isDirectory());
  if (at === -1) return;
  throw new AppError({
    code: 'host-refused',
    message: `There is a link or a file on the host where cosmos keeps a folder: ${folders[at]}.`,
    nextStep:
      'Find out who put it there, remove it, and run the command again. A larger disk is had with remote_root.',
  });
}
