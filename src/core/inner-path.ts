import { z } from 'zod';

/**
 * Whether a path with forward slashes stays inside the folder it is relative to, on whatever system it is used: no step to a
 * folder above, no drive, no beginning at a root.
 */
export function isInnerPath(path: string): boolean {
  if (path.includes('\0') || /^[\\/]|^[a-z]:[\\/]/i.test(path)) return false;
  const steps = path.split('/');
  return steps.every((step) => step !== '' && step !== '.') && !path.split(/[\\/]/).includes('..');
}

/** A path in a file that another program may have written: it stays inside the folder it is relative to. */
export const innerPathSchema = z.string().refine(isInnerPath, 'leads out of its folder');

/** The same for the name of one file: no path. */
export const plainNameSchema = z
  .string()
  .refine((name) => isInnerPath(name) && !/[\\/]/.test(name), 'is no name of a file');

/** Hex SHA-256 of a content or of a task, which names a file. */
export const hexSha256Schema = z.string().regex(/^[0-9a-f]{64}$/, 'is no SHA-256');
