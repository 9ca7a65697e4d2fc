import { posix } from 'node:path';
import { shortened } from '../../core/shortened.ts';
import { AppError, messageOf } from '../../errors/app-error.ts';

/** Status codes of SFTP version 3 that mean something here (draft-ietf-secsh-filexfer-02, section 7). */
export const sftpStatus = { endOfFile: 1, noSuchFile: 2, permissionDenied: 3, failure: 4 } as const;

/** Below this much free space a refused write means a full disk, in bytes. */
const fullBelowBytes = 1024 * 1024;

export function isSftpStatus(error: unknown, status: number): boolean {
  return error instanceof Error && 'code' in error && error.code === status;
}

/** Null for a file that is not there. */
export async function orNull<Value>(promise: Promise<Value>): Promise<Value | null> {
  return await promise.catch((error: unknown) => {
    if (isSftpStatus(error, sftpStatus.noSuchFile)) return null;
    throw error;
  });
}

/** A link, a pipe, a socket, a device or a folder lies where a file should. */
export function notAFile(hostName: string, path: string): RangeError {
  return new RangeError(`${hostName}: ${path} is no file`);
}

/** The reason of a failed write, where the state of the disk explains it; else the error as it came. */
export async function whyWritingFailed(
  error: unknown,
  hostName: string,
  path: string,
  spaceOf: (folder: string) => Promise<{ readonly freeBytes: number; readonly isReadOnly: boolean } | null>,
): Promise<unknown> {
  if (isSftpStatus(error, sftpStatus.permissionDenied)) {
    return new AppError({
      code: 'host-refused',
      message: `${hostName} does not let you write ${path} (${shortened(messageOf(error))}).`,
      nextStep: 'Make that folder writable for your user, or choose another remote_root for this host.',
    });
  }
  if (!isSftpStatus(error, sftpStatus.failure)) return error;
  const space = await spaceOf(posix.dirname(path));
  if (space?.isReadOnly) {
    return new AppError({
      code: 'disk-read-only',
      message: `The disk of ${hostName} is read-only: ${path} could not be written.`,
      nextStep: 'Mount it writable again or choose another remote_root, then resume: nothing is lost.',
    });
  }
  if (space !== null && space.freeBytes < fullBelowBytes) {
    return new AppError({
      code: 'disk-full',
      message: `The disk of ${hostName} is full: ${path} could not be written.`,
      nextStep: `Free some space there (cosmos host prune ${hostName}), then resume: nothing is lost.`,
    });
  }
  return error;
}
