import type { FileStore } from '../../ports/file-store.ts';
import { layout } from '../../protocol/layout.ts';
import { protocolVersion } from '../../protocol/version.ts';

/**
 * Notes on the disk that a worker of a run was stopped, so that nothing goes on with it by itself, whoever is started
 * again. A worker that nothing was handed to needs no note: without work nobody opens it.
 *
 * @param files - The run folder.
 */
export async function markStopped(files: FileStore, workerId: number): Promise<void> {
  // Also because a run folder that the SSH user made would not be the worker's own.
  if ((await files.list(layout.manifests)).length === 0) return;
  await files.publish(layout.stopMark(workerId), `${JSON.stringify({ version: protocolVersion })}\n`);
}
