import { z } from 'zod';
import { sha256Schema } from './identifiers.ts';
import { protocolVersion } from './version.ts';

/**
 * First line of a bundle: many small objects as one file, because a file of its own costs several round trips. The
 * line ends with `\n`; the contents follow in the same order, without anything in between.
 */
export const bundleHeaderSchema = z.object({
  version: z.literal(protocolVersion),
  objects: z.array(z.object({ sha256: sha256Schema, size_bytes: z.int().min(0) })).min(1),
});

/** Longest first line that is read, in bytes. */
export const maxBundleHeaderBytes = 4 * 1024 * 1024;

export type BundleHeader = z.infer<typeof bundleHeaderSchema>;
