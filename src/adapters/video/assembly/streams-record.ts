import { stat } from 'node:fs/promises';
import { z } from 'zod';
import { hashFileIfThere } from '../../files/hash-file.ts';
import { publishFile } from '../../files/publish-file.ts';
import { type AssemblyPaths, readJsonFile } from './assembly-folder.ts';

const version = 1;
const contentSchema = z.object({ sizeBytes: z.int().min(0), sha256: z.string() });
const recordSchema = z.object({ version: z.literal(version), first: contentSchema, skeleton: contentSchema });

type Content = z.infer<typeof contentSchema>;

/** What a call before wrote, of which nothing may change while samples are taken out of it. */
interface StreamsFound {
  /** Hex SHA-256 that the skeleton has to have; null when nothing was written for good. */
  readonly skeletonSha256: string | null;
  readonly isFirstIntact: boolean;
  readonly isSkeletonIntact: boolean;
}

/** Compares the files with their record. */
export async function findStreams(paths: AssemblyPaths): Promise<StreamsFound> {
  const record = recordSchema.safeParse(await readJsonFile(paths.streams));
  if (!record.success) return { skeletonSha256: null, isFirstIntact: false, isSkeletonIntact: false };
  const { first, skeleton } = record.data;
  return {
    skeletonSha256: skeleton.sha256,
    isFirstIntact: await holds(paths.first, first),
    isSkeletonIntact: await holds(paths.skeleton, skeleton),
  };
}

/** Notes what both files hold. */
export async function recordStreams(paths: AssemblyPaths): Promise<void> {
  const first = await contentOf(paths.first);
  const skeleton = await contentOf(paths.skeleton);
  await publishFile(paths.streams, `${JSON.stringify({ version, first, skeleton })}\n`);
}

async function contentOf(path: string): Promise<Content> {
  const { size: sizeBytes } = await stat(path);
  return { sizeBytes, sha256: (await hashFileIfThere(path)) ?? '' };
}

async function holds(path: string, { sizeBytes, sha256 }: Content): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found?.size === sizeBytes && (await hashFileIfThere(path)) === sha256;
}
