import { isErrno } from '../../errors/system-error.ts';

/** What `reading` gives; null where the system says `ENOENT`, or one of the other codes. */
export async function unlessMissing<Found>(
  reading: Promise<Found>,
  ...otherCodes: readonly string[]
): Promise<Found | null> {
  return await reading.catch((error: unknown) => {
    if (isErrno(error, 'ENOENT', ...otherCodes)) return null;
    throw error;
  });
}
