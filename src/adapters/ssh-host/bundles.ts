import { open } from 'node:fs/promises';
import type { HostObject } from '../../ports/host.ts';
import type { BundleHeader } from '../../protocol/bundle.ts';
import { protocolVersion } from '../../protocol/version.ts';

/** An object whose size is that of its file. */
export type SizedObject = HostObject;

/** Most bytes in a bundle: enough to make round trips rare, little enough to be in memory a few times. */
const bundleBytes = 8 * 1024 * 1024;

/** Divides objects into bundles, in order. */
export function planBundles(objects: readonly SizedObject[]): SizedObject[][] {
  const bundles: SizedObject[][] = [];
  let sizeBytes = Number.POSITIVE_INFINITY;
  for (const object of objects) {
    if (sizeBytes + object.sizeBytes > bundleBytes) {
      bundles.push([]);
      sizeBytes = 0;
    }
    bundles.at(-1)?.push(object);
    sizeBytes += object.sizeBytes;
  }
  return bundles;
}

/** A bundle as it is sent: see `protocol/bundle.ts`. */
export async function readBundle(objects: readonly SizedObject[]): Promise<Buffer> {
  const header: BundleHeader = {
    version: protocolVersion,
    objects: objects.map(({ sha256, sizeBytes }) => ({ sha256, size_bytes: sizeBytes })),
  };
  const firstLine = Buffer.from(`${JSON.stringify(header)}\n`);
  const total = objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, firstLine.length);
  const bundle = Buffer.alloc(total);
  firstLine.copy(bundle);
  let at = firstLine.length;
  const reads = objects.map(({ path, sizeBytes }) => {
    const begin = at;
    at += sizeBytes;
    return () => readInto(path, bundle.subarray(begin, begin + sizeBytes));
  });
  const readers = Array.from({ length: 16 }, async () => {
    for (let next = reads.shift(); next; next = reads.shift()) await next();
  });
  await Promise.all(readers);
  return bundle;
}

/** A file that became shorter leaves zeros: the receiver finds out by the hash. */
async function readInto(path: string, target: Buffer): Promise<void> {
  await using file = await open(path);
  for (let at = 0; at < target.length; ) {
    const { bytesRead } = await file.read(target, at, target.length - at, at);
    if (bytesRead === 0) return;
    at += bytesRead;
  }
}
