import type { PinnedFile } from '../../core/upscale/upscale-checkpoint.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import type { FileIdentity } from '../../ports/source-files.ts';

/** A file as the checkpoint keeps it. */
export function pinned({ path, sha256, sizeBytes, modifiedMs }: FileIdentity): PinnedFile {
  return { path, sha256, size_bytes: sizeBytes, modified_ms: modifiedMs };
}

/** @throws AppError `checkpoint-mismatch` when the file is another one than when the run was planned. */
export async function assertSameFile(
  file: PinnedFile,
  { sources }: Pick<Ports, 'sources'>,
  signal: AbortSignal,
): Promise<void> {
  const { path, sha256, size_bytes: sizeBytes, modified_ms: modifiedMs } = file;
  const found = await sources.identify(path, { path, sha256, sizeBytes, modifiedMs }, signal);
  if (found.sha256 === sha256) return;
  throw new AppError({
    code: 'checkpoint-mismatch',
    message: `${path} has changed since the run began.`,
    nextStep: 'Put the old file back, or start a new run.',
  });
}
