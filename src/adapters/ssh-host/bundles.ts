import { closeSync, openSync, readSync } from 'node:fs';
import { setImmediate as yieldTurn } from 'node:timers/promises';
import type { HostObject } from '../../ports/host.ts';
import type { BundleHeader } from '../../protocol/bundle.ts';
import { protocolVersion } from '../../protocol/version.ts';

/** Most bytes in a bundle: enough to make round trips rare, little enough to be in memory several times. */
const bundleBytes = 4 * 1024 * 1024;

const longestTurnMs = 3;

/** Divides objects into bundles, in order. */
export function planBundles(objects: readonly HostObject[]): HostObject[][] {
  const bundles: HostObject[][] = [];
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
export async function readBundle(objects: readonly HostObject[]): Promise<Buffer> {
  const header: BundleHeader = {
    version: protocolVersion,
    objects: objects.map(({ sha256, sizeBytes }) => ({ sha256, size_bytes: sizeBytes })),
  };
  const firstLine = Buffer.from(`${JSON.stringify(header)}\n`);
  const total = objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, firstLine.length);
  const bundle = Buffer.allocUnsafeSlow(total);
  firstLine.copy(bundle);
  let at = firstLine.length;
  await inShortSlices(objects, ({ path, sizeBytes }) => {
    readInto(path, bundle.subarray(at, at + sizeBytes));
    at += sizeBytes;
  });
  return bundle;
}

/**
 * Does synchronous work for each item: waiting for each step of thousands of small files would cost several times as
 * much. Every few milliseconds the event loop gets a turn.
 */
export async function inShortSlices<Item>(items: Iterable<Item>, work: (item: Item) => void): Promise<void> {
  let turnEndMs = performance.now() + longestTurnMs;
  for (const item of items) {
    work(item);
    if (performance.now() < turnEndMs) continue;
    await yieldTurn();
    turnEndMs = performance.now() + longestTurnMs;
  }
}

/** A file that became shorter leaves zeros: the receiver notices by the hash. */
function readInto(path: string, target: Buffer): void {
  const file = openSync(path, 'r');
  try {
    for (let at = 0; at < target.length; ) {
      const bytesRead = readSync(file, target, at, target.length - at, at);
      if (bytesRead === 0) {
        target.fill(0, at);
        return;
      }
      at += bytesRead;
    }
  } finally {
    closeSync(file);
  }
}
