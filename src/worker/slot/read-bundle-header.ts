import type { FileHandle } from 'node:fs/promises';
import { parseJson } from '../../core/json.ts';
import { type BundleHeader, bundleHeaderSchema, maxBundleHeaderBytes } from '../../protocol/bundle.ts';
import { damaged } from './uploads.ts';

const stepBytes = 256 * 1024;
const lineEnd = 0x0a;

/** One object in a bundle and where its bytes are. */
export interface BundledObject {
  readonly sha256: string;
  readonly fromByte: number;
  readonly sizeBytes: number;
}

/**
 * What a bundle says is in it, in order.
 *
 * @throws ApiError 422 when the first line is none of a bundle, or does not describe exactly what follows it: then
 * nothing else is read.
 */
export async function readBundleHeader(file: FileHandle): Promise<readonly BundledObject[]> {
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
    `The bundle's first line is none: ${problem?.message} at ${problem?.path.map(String).join('.')}.`,
  );
}
