import { open } from 'node:fs/promises';
import type { SkeletonRequest } from '../video/assembly/skeleton-request.ts';
import { findBox, readBoxes } from './boxes.ts';
import { readTopBoxes } from './top-boxes.ts';

/** What stands in QuickTime files where the language is none that had a number on the first Macintosh. */
const unknownLanguage = 0x7fff;

/** Which tracks are those of a type, by their handlers. */
const handlers = { audio: ['soun'], subtitle: ['text', 'sbtl', 'subt'] } as const;

/**
 * Notes languages in a QuickTime file that ffmpeg left out, in the packed form that QuickTime came to have as well as
 * MP4 (three letters of ISO 639-2). In place: nothing changes its size.
 */
export async function noteLanguages(path: string, request: SkeletonRequest): Promise<void> {
  if (request.container !== 'mov') return;
  await using file = await open(path, 'r+');
  const [movie] = await readTopBoxes(file, ['moov']);
  if (!movie) return;
  const tracks = [...readBoxes(movie.content)]
    .filter(({ name }) => name === 'trak')
    .map(({ content }) => content);
  for (const type of ['audio', 'subtitle'] as const) {
    const languages = languagesOf(request, type);
    const media = tracks.map((track) => findBox(track, ['mdia'])).filter((box) => box !== null);
    const own = media.filter((box) => handlers[type].some((name) => name === handlerOf(box)));
    // A stream without a packet has no track: then nobody can tell which is which.
    if (own.length !== languages.length) continue;
    for (const [index, box] of own.entries()) {
      const header = findBox(box, ['mdhd']);
      const code = packed(languages[index] ?? null);
      if (!header || code === null) continue;
      const at = header[0] === 1 ? 32 : 20;
      if (header.readUInt16BE(at) !== unknownLanguage) continue;
      header.writeUInt16BE(code, at);
      const offset = movie.contentAt + (header.byteOffset - movie.content.byteOffset) + at;
      await file.write(header, at, 2, offset);
    }
  }
}

function languagesOf(
  { source, plans }: SkeletonRequest,
  type: 'audio' | 'subtitle',
): readonly (string | null)[] {
  const kept = plans.filter((plan) => plan.type === type && plan.action !== 'drop');
  return kept.map(
    ({ index }) => source.facts.others.find((other) => other.index === index)?.language ?? null,
  );
}

function handlerOf(media: Buffer): string {
  return findBox(media, ['hdlr'])?.toString('latin1', 8, 12) ?? '';
}

function packed(language: string | null): number | null {
  if (!language || !/^[a-z]{3}$/.test(language) || language === 'und') return null;
  return [...language].reduce((code, letter) => code * 32 + (letter.charCodeAt(0) - 0x60), 0);
}
