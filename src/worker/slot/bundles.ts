import { hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import pMap from 'p-map';
import { parseJson } from '../../core/json.ts';
import { type BundleHeader, bundleHeaderSchema, maxBundleHeaderBytes } from '../../protocol/bundle.ts';
import type { ObjectFolder } from './object-folder.ts';
import { hashOf, readBlocks, readRange, ShortFileError } from './read-blocks.ts';
import { damaged, openUpload } from './uploads.ts';

/** Objects up to this size in all are read with one call. */
const groupBytes = 1024 * 1024;
const groupsAtOnce = 4;
const publishedAtOnce = 8;
const stepBytes = 256 * 1024;
const lineEnd = 0x0a;

interface BundledObject {
  readonly sha256: string;
  readonly fromByte: number;
  readonly sizeBytes: number;
}

/**
 * Unpacks the bundle at `incoming/<name>`: verifies every object and publishes those that are not there yet. What is
 * good is published also when something else is not. May be repeated.
 *
 * @param root - The host's root folder.
 * @returns how many objects it held.
 * @throws ApiError as `openUpload`; 422 `object-damaged`.
 */
export async function acceptBundle(root: string, path: string, store: ObjectFolder): Promise<number> {
  await using file = await openUpload(root, path);
  try {
    const objects = await readBundleHeader(file);
    const missing = await store.missing(objects.map(({ sha256 }) => sha256));
    const damagedCount = await new Unpacking(file, store, missing).run(objects);
    if (damagedCount > 0)
      throw damaged(`${damagedCount} of ${objects.length} objects hold other bytes than their hashes say.`);
    return objects.length;
  } catch (error) {
    throw error instanceof ShortFileError ? damaged('The bundle became shorter while it was read.') : error;
  }
}

/**
 * What a bundle says is in it, in order.
 *
 * @throws ApiError 422 when the first line is not a bundle's, or does not describe exactly what follows it: then
 * nothing else is read.
 */
async function readBundleHeader(file: FileHandle): Promise<readonly BundledObject[]> {
  const line = await readFirstLine(file);
  const header = parseHeader(line);
  const { size: fileBytes } = await file.stat();
  let fromByte = line.byteLength + 1;
  const objects: BundledObject[] = [];
  for (const { sha256, size_bytes: sizeBytes } of header.objects) {
    objects.push({ sha256, fromByte, sizeBytes });
    fromByte += sizeBytes;
    if (fromByte > fileBytes) break;
  }
  if (fromByte !== fileBytes)
    throw damaged(`The bundle's first line describes another length than its ${fileBytes} bytes.`);
  return objects;
}

async function readFirstLine(file: FileHandle): Promise<Buffer> {
  let line = Buffer.alloc(0);
  while (line.byteLength <= maxBundleHeaderBytes) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(stepBytes), 0, stepBytes, line.byteLength);
    const endAt = buffer.subarray(0, bytesRead).indexOf(lineEnd);
    line = Buffer.concat([line, buffer.subarray(0, endAt === -1 ? bytesRead : endAt)]);
    if (endAt !== -1) return line;
    if (bytesRead === 0) throw damaged('The bundle ends within its first line.');
  }
  throw damaged(`The bundle's first line is longer than ${maxBundleHeaderBytes} bytes.`);
}

function parseHeader(line: Buffer): BundleHeader {
  const json = parseJson(line);
  if (json === undefined) throw damaged("The bundle's first line is not JSON.");
  const parsed = bundleHeaderSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [problem] = parsed.error.issues;
  throw damaged(
    `The bundle's first line is not valid: ${problem?.message} at ${problem?.path.map(String).join('.')}.`,
  );
}

class Unpacking {
  readonly #file: FileHandle;
  readonly #store: ObjectFolder;
  readonly #missing: ReadonlySet<string>;
  #damagedCount = 0;
  #failure: { readonly error: unknown } | null = null;

  constructor(file: FileHandle, store: ObjectFolder, missing: ReadonlySet<string>) {
    this.#file = file;
    this.#store = store;
    this.#missing = missing;
  }

  /** Resolves, and rejects, when nothing is under way any more. Gives how many objects are damaged. */
  async run(objects: readonly BundledObject[]): Promise<number> {
    const unpack = (group: readonly BundledObject[]) => this.#unlessFailed(() => this.#unpack(group));
    await pMap(groupsOf(objects), unpack, { concurrency: groupsAtOnce });
    if (this.#failure) throw this.#failure.error;
    return this.#damagedCount;
  }

  async #unpack(group: readonly BundledObject[]): Promise<void> {
    const [first] = group;
    if (!first) return;
    if (first.sizeBytes > groupBytes) await this.#unpackLarge(first);
    else await this.#unpackSmall(group, first.fromByte);
  }

  async #unpackLarge({ sha256, fromByte, sizeBytes }: BundledObject): Promise<void> {
    const isRight = this.#missing.has(sha256)
      ? await this.#store.putBlocks(sha256, readBlocks(this.#file, fromByte, sizeBytes))
      : (await hashOf(this.#file, fromByte, sizeBytes)) === sha256;
    if (!isRight) this.#damagedCount += 1;
  }

  /** All of the group are in memory at once. */
  async #unpackSmall(group: readonly BundledObject[], fromByte: number): Promise<void> {
    const sizeBytes = group.reduce((sum, object) => sum + object.sizeBytes, 0);
    const bytes = await readRange(this.#file, fromByte, sizeBytes);
    const publish = (object: BundledObject) =>
      this.#unlessFailed(async () => {
        const at = object.fromByte - fromByte;
        const content = bytes.subarray(at, at + object.sizeBytes);
        if (hash('sha256', content) !== object.sha256) this.#damagedCount += 1;
        else if (this.#missing.has(object.sha256)) await this.#store.put(object.sha256, content);
      });
    await pMap(group, publish, { concurrency: publishedAtOnce });
  }

  /** After the first failure, such as a full disk, nothing new begins, and what is under way is waited for. */
  async #unlessFailed(work: () => Promise<void>): Promise<void> {
    if (this.#failure) return;
    try {
      await work();
    } catch (error) {
      this.#failure ??= { error };
    }
  }
}

/** Neighbours that are small together; a large object is a group of its own. */
function groupsOf(objects: readonly BundledObject[]): BundledObject[][] {
  const groups: BundledObject[][] = [];
  let roomBytes = -1;
  for (const object of objects) {
    roomBytes -= object.sizeBytes;
    if (roomBytes < 0) {
      groups.push([]);
      roomBytes = groupBytes - object.sizeBytes;
    }
    groups.at(-1)?.push(object);
  }
  return groups;
}
