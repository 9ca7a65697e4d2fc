import { stat } from 'node:fs/promises';
import { z } from 'zod';
import { hashFileIfThere } from '../../files/hash-file.ts';
import { publishFile } from '../../files/publish-file.ts';
import { readFileFacts } from '../verification/file-facts.ts';
import { BrokenAssemblyError } from './assembly-errors.ts';
import { type AssemblyPaths, readJsonFile } from './assembly-folder.ts';
import { chapterText } from './chapters.ts';
import { isIntact, lostSegments } from './lost-segments.ts';
import { makeFirstFrame, makeSkeleton } from './skeleton.ts';
import { untoldColors } from './skeleton-command.ts';
import type { Assembly } from './write-part.ts';

const version = 1;
const contentSchema = z.object({ sizeBytes: z.int().min(0), sha256: z.string() });
const recordSchema = z.object({ version: z.literal(version), first: contentSchema, skeleton: contentSchema });

type Content = z.infer<typeof contentSchema>;

/**
 * Makes the first frame and the skeleton, unless those of an earlier call are as they were written: a record of both
 * says so, because nothing of them may change while samples are taken out.
 *
 * @throws SegmentsLostError; BrokenAssemblyError when samples were taken out of files that cannot be made again.
 */
export async function makeStreams(assembly: Assembly): Promise<void> {
  const { paths, onProgress } = assembly;
  onProgress({ step: 'streams', done: 0, total: 1 });
  const found = recordSchema.safeParse(await readJsonFile(paths.streams));
  const record = found.success ? found.data : null;
  const isFirstIntact = record !== null && (await holds(paths.first, record.first));
  if (!isFirstIntact || !(await holds(paths.skeleton, record.skeleton))) {
    // The first segment goes into the output, and is removed, before anything else.
    const isFirstGone = await hasBytes(paths.journal);
    if (isFirstGone && !isFirstIntact) throw damaged(paths.first);
    if (!isFirstGone) await makeFirst(assembly);
    await makeOthers(assembly);
    const isOther = isFirstGone && (await hashFileIfThere(paths.skeleton)) !== record?.skeleton.sha256;
    if (isOther) throw damaged(paths.skeleton);
    await writeRecord(paths);
  }
  onProgress({ step: 'streams', done: 1, total: 1 });
}

async function makeFirst({ request, paths, options }: Assembly): Promise<void> {
  const { segments } = request;
  const [segment] = segments;
  if (!segment || !(await isIntact(segment))) {
    throw await lostSegments('The first segment is gone or damaged.', segments, { first: 0 });
  }
  await makeFirstFrame(segment.path, paths.first, request, options);
}

async function makeOthers({ request, container, paths, presentation, options }: Assembly): Promise<void> {
  const { source } = request;
  const { streams, chapters } = await readFileFacts(source.path, options);
  const skeleton = {
    source,
    container,
    plans: request.streams,
    streams,
    presentation,
    firstPath: paths.first,
    colors: untoldColors(request),
    chapters: chapterText(chapters, container, request, presentation),
  };
  await makeSkeleton(skeleton, paths.skeleton, options);
}

async function writeRecord(paths: AssemblyPaths): Promise<void> {
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

async function hasBytes(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found !== null && found.size > 0;
}

function damaged(path: string): BrokenAssemblyError {
  return new BrokenAssemblyError(`${path} was removed or damaged`);
}
