import { open, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { foldedName } from '../../core/run/same-names.ts';
import { temporaryPathFor } from './publish-file.ts';

/** Differs from other spellings of itself both in case and in how its letter with marks is composed. */
const triedName = 'Case-\u00e9';

/** {@link SourceFiles.foldsNames} of a folder that is there. */
export async function foldsNames(folder: string): Promise<boolean> {
  const path = temporaryPathFor(join(folder, triedName));
  const made = await open(path, 'wx', 0o600).catch(() => null);
  if (made === null) return false;
  await made.close();
  const others = [
    path.normalize('NFD'),
    join(dirname(path), foldedName(path.slice(dirname(path).length + 1))),
  ];
  try {
    const found = await Promise.all(others.map((other) => stat(other).catch(() => null)));
    return found.some((each) => each !== null);
  } finally {
    await rm(path, { force: true });
  }
}
