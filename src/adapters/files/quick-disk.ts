import {
  closeSync,
  fstatSync,
  fsync,
  mkdirSync,
  openSync,
  readSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { isErrno } from '../../errors/system-error.ts';

/** Files up to this size are read and written at once, in bytes. */
export const smallBytes = 256 * 1024;

/** A disk of this machine takes some microseconds for a call. Above this average, in milliseconds, it is no such disk, or it is busy. */
const slowMs = 0.5;
/** What a call counts at most: one during which another program ran says nothing of the disk. */
const mostCountedMs = 2;
/** How much of the average the last call is. */
const weight = 0.1;
/** So many calls go through threads before another one is waited for. */
const callsAside = 200;

let averageMs = 0;
let leftAside = 0;

/**
 * Makes a call of the system that is waited for, or one that a thread makes. On a disk of this machine the former takes a fraction
 * of the processor time of the latter; where calls turn out to take long, as on a network drive, many of the latter are under way at once.
 */
export async function quickly<T>(call: () => T, inThread: () => Promise<T>): Promise<T> {
  if (leftAside > 0) {
    leftAside -= 1;
    return await inThread();
  }
  const start = performance.now();
  try {
    return call();
  } finally {
    averageMs += weight * (Math.min(performance.now() - start, mostCountedMs) - averageMs);
    if (averageMs > slowMs) {
      leftAside = callsAside;
      averageMs = 0;
    }
  }
}

/** What a small file holds, and what it is; null where it is no file, or none that is read at once. */
export function readSmall(
  path: string,
  before: Stats,
  flags: number,
): { readonly bytes: Buffer; readonly stats: Stats } | null {
  if (!isSmall(before)) return null;
  const file = openSync(path, flags);
  try {
    const stats = fstatSync(file);
    if (!isSmall(stats)) return null;
    // One byte more, to see that it ends there.
    const bytes = Buffer.allocUnsafe(stats.size + 1);
    const length = readSync(file, bytes, 0, bytes.length, null);
    return length === stats.size ? { bytes: bytes.subarray(0, length), stats } : null;
  } finally {
    closeSync(file);
  }
}

/** A file of the kernel says that it is empty. */
function isSmall(stats: Stats): boolean {
  return stats.isFile() && stats.size > 0 && stats.size <= smallBytes;
}

export async function statQuickly(path: string): Promise<Stats> {
  return await quickly(
    () => statSync(path),
    () => stat(path),
  );
}

interface NewFile {
  readonly mode: number;
  /** Of its folder, where that is missing. */
  readonly folder: { readonly recursive: boolean; readonly mode: number };
  /** Called before anything is written. */
  readonly onOpen: (file: number) => void;
}

/** Writes a new file, which stays open. */
export function writeSmall(
  path: string,
  content: Uint8Array | string,
  { mode, folder, onOpen }: NewFile,
): number {
  const file = openNew(path, mode, folder);
  try {
    onOpen(file);
    writeFileSync(file, content);
    return file;
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

function openNew(path: string, mode: number, folder: NewFile['folder']): number {
  try {
    return openSync(path, 'wx', mode);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    mkdirSync(dirname(path), folder);
    return openSync(path, 'wx', mode);
  }
}

/** Closes an open file or folder, where wanted when it would survive a power cut. */
export async function closeFlushed(file: number, isDurable: boolean): Promise<void> {
  try {
    if (isDurable) await flush(file);
  } finally {
    closeSync(file);
  }
}

/** Waiting for the disk itself is left to a thread. */
const flush = promisify(fsync);
