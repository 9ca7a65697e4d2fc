import { open } from 'node:fs/promises';
import { findBox, readTopBox } from './boxes.ts';
import { handlerOf, tracksOf } from './tracks.ts';

/** What QuickTime files hold where the language is none that had a number on the first Macintosh. */
const unknownLanguage = 0x7fff;

/** Which tracks are those of a type, by their handlers. */
const handlers: Readonly<Record<keyof TrackLanguages, readonly string[]>> = {
  audio: ['soun'],
  subtitle: ['text', 'sbtl', 'subt'],
};

/** Languages of the tracks of each type, in order, as ISO 639-2 codes. */
interface TrackLanguages {
  readonly audio: readonly (string | null)[];
  readonly subtitle: readonly (string | null)[];
}

/**
 * Notes languages in a QuickTime file that ffmpeg left out, in the packed form that QuickTime came to have as well as
 * MP4 (three letters of ISO 639-2). In place: nothing changes its size.
 */
export async function writeTrackLanguages(path: string, languages: TrackLanguages): Promise<void> {
  await using file = await open(path, 'r+');
  const movie = await readTopBox(file, 'moov');
  if (!movie) return;
  for (const type of ['audio', 'subtitle'] as const) {
    const tracks = tracksOf(movie.content).filter((track) => handlers[type].includes(handlerOf(track)));
    // A stream without a packet has no track: then nothing says which is which.
    if (tracks.length !== languages[type].length) continue;
    for (const [index, track] of tracks.entries()) {
      const header = findBox(track, ['mdia', 'mdhd']);
      const code = packed(languages[type][index] ?? null);
      if (!header || code === null) continue;
      const at = header[0] === 1 ? 32 : 20;
      if (header.readUInt16BE(at) !== unknownLanguage) continue;
      header.writeUInt16BE(code, at);
      await file.write(header, at, 2, movie.contentAt + (header.byteOffset - movie.content.byteOffset) + at);
    }
  }
}

function packed(language: string | null): number | null {
  if (!language || !/^[a-z]{3}$/.test(language) || language === 'und') return null;
  return [...language].reduce((code, letter) => code * 32 + (letter.charCodeAt(0) - 0x60), 0);
}
