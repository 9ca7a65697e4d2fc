import { mkdir } from 'node:fs/promises';
import { asDiskError } from '../../errors/disk-full.ts';

/**
 * Makes a folder and those above it, unless they are there.
 *
 * @throws AppError `disk-full`. Other errors of the system pass through.
 */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw asDiskError(error, folder);
  }
}
