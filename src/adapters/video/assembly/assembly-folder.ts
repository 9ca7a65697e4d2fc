import { createHash } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../../../core/json.ts';
import { shortName } from '../../../core/temporary-name.ts';
import type { AssemblyRequest, VerifiedVideo } from '../../../ports/video-tool.ts';
import { readWhole } from '../../files/bounded-read.ts';
import { publishFile } from '../../files/publish-file.ts';
import { unlessMissing } from '../../files/unless-missing.ts';

const version = 1;

/** The request that the folder belongs to. The part file's path shows where the video was going to be. */
const requestRecordSchema = z.object({ version: z.literal(version), request: z.string(), part: z.string() });

const count = z.int().min(0);
const verifiedRecordSchema = z.object({
  version: z.literal(version),
  request: z.string(),
  video: z.object({
    sizeBytes: count,
    frames: count,
    durationSeconds: z.number().min(0),
    maxTimeErrorMs: z.number().min(0),
    notices: z.array(z.string()).default([]),
    streams: z.object({ copied: count, converted: count }),
  }),
});

/** Where everything lies that is under way. */
export interface AssemblyPaths {
  /** The output until it has its name: in the same folder, so that a rename gives it. */
  readonly part: string;
  readonly request: string;
  readonly verified: string;
  readonly journal: string;
  /** The first frame of the video in a file of its own. */
  readonly first: string;
  /** Everything but the rest of the video. */
  readonly skeleton: string;
  /** What these two hold. */
  readonly streams: string;
}

export function assemblyPathsOf(
  { outputPath, workFolder }: AssemblyRequest,
  extension: string,
): AssemblyPaths {
  return {
    part: partPathOf(outputPath, workFolder),
    request: join(workFolder, 'assembly.json'),
    verified: join(workFolder, 'verified.json'),
    journal: join(workFolder, 'samples.bin'),
    first: join(workFolder, 'first.mp4'),
    skeleton: join(workFolder, `streams.${extension}`),
    streams: join(workFolder, 'streams.json'),
  };
}

/** Where a video is until it is finished: beside its output. */
export function partPathOf(outputPath: string, workFolder: string): string {
  const output = resolve(outputPath);
  return join(dirname(output), `.${shortName(basename(output))}.${folderMark(workFolder)}.cosmos-part`);
}

/** A record may name any path. */
function isPartOf(path: string, workFolder: string): boolean {
  const name = basename(path);
  return name.startsWith('.') && name.endsWith(`.${folderMark(workFolder)}.cosmos-part`);
}

/** Two runs never share a file, even where they are to give the same output. */
function folderMark(workFolder: string): string {
  return createHash('sha256').update(resolve(workFolder)).digest('hex').slice(0, 8);
}

/** The same for requests for the same bytes in the same place. */
export function requestFingerprint(request: AssemblyRequest): string {
  const { source, segments, timeline, size, isTurned, outputPath } = request;
  const { sizeBytes, video, others, chapters } = source.facts;
  const frames = segments.map((segment) => segment.frames);
  const facts = { sizeBytes, video, others, chapters, frames, endTime: timeline.endTime, size, isTurned };
  return createHash('sha256')
    .update(JSON.stringify({ ...facts, outputPath: resolve(outputPath) }))
    .update(new Uint8Array(timeline.times.buffer, timeline.times.byteOffset, timeline.times.byteLength))
    .digest('hex');
}

/**
 * Makes the folder ready to continue in: what a killed call left half-made goes. One of another request, or of none that
 * can be read, is emptied, and is this request's from then on.
 */
export async function prepareFolder(paths: AssemblyPaths, fingerprint: string): Promise<void> {
  const folder = dirname(paths.request);
  await mkdir(folder, { recursive: true });
  const record = requestRecordSchema.safeParse(await readJsonFile(paths.request));
  if (record.success && record.data.request === fingerprint) {
    const { request, journal, first, skeleton, streams } = paths;
    await removeOthers(folder, [request, journal, first, skeleton, streams]);
    return;
  }
  if (record.success && isPartOf(record.data.part, folder)) await rm(record.data.part, { force: true });
  await removeOthers(folder, []);
  await publishFile(
    paths.request,
    `${JSON.stringify({ version, request: fingerprint, part: paths.part })}\n`,
  );
}

/** Removes everything that is under way, so that the next call begins from the start. */
export async function startOver(paths: AssemblyPaths): Promise<void> {
  await rm(paths.part, { force: true });
  await removeOthers(dirname(paths.request), []);
}

/** Removes what only a further call would have needed, once the output has its name. */
export async function removeDone(paths: AssemblyPaths): Promise<void> {
  await removeOthers(dirname(paths.request), [paths.request, paths.verified]);
}

async function removeOthers(folder: string, kept: readonly string[]): Promise<void> {
  const names = new Set(kept.map((path) => basename(path)));
  for (const name of await readdir(folder)) {
    if (!names.has(name)) await rm(join(folder, name), { recursive: true, force: true });
  }
}

/** What was verified before the output got its name; null when nothing was. */
export async function readVerified(paths: AssemblyPaths, fingerprint: string): Promise<VerifiedVideo | null> {
  const record = verifiedRecordSchema.safeParse(await readJsonFile(paths.verified));
  return record.success && record.data.request === fingerprint ? record.data.video : null;
}

export async function publishVerified(
  paths: AssemblyPaths,
  fingerprint: string,
  video: VerifiedVideo,
): Promise<void> {
  await publishFile(paths.verified, `${JSON.stringify({ version, request: fingerprint, video })}\n`);
}

/** The JSON in a file; undefined where there is none. */
export async function readJsonFile(path: string): Promise<unknown> {
  const content = await unlessMissing(readWhole(path, { noFollow: true }));
  return content === null ? undefined : parseJson(content);
}
