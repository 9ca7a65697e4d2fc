import {
  createDuplicateFinder,
  type DuplicateMode,
} from '../../src/core/frames/duplicates/duplicate-finder.ts';
import type { Size } from '../../src/core/hints/display-size.ts';
import { decodeFrames, psnr } from './duplicate-scenes.ts';

/** What a finder made of a video whose lossless original is known. */
export interface Judgement {
  readonly frames: number;
  /** Frames whose original shows the same picture as the one before. */
  readonly duplicates: number;
  /** Frames that were taken for duplicates. */
  readonly found: number;
  /** Frames that were taken for duplicates of a frame whose original is another picture. */
  readonly wrong: number;
  /** The lowest PSNR of a frame and the one that would be shown instead, in dB; infinite where none is. */
  readonly worstPsnr: number;
}

/**
 * Runs a finder over a video.
 *
 * @param factor - The PSNR is measured after enlarging so many times.
 */
export async function judgeFinder(
  mode: DuplicateMode,
  files: { readonly original: string; readonly lossy: string },
  size: Size,
  factor = 1,
): Promise<Judgement> {
  const originals = await hashesOf(files.original, size);
  const shown = { width: size.width * factor, height: size.height * factor };
  const enlarged = decodeFrames(
    files.lossy,
    shown,
    `scale=${shown.width}:${shown.height}:flags=lanczos+accurate_rnd`,
  );
  const finder = createDuplicateFinder(mode, size);
  const kept = { original: '', picture: new Uint8Array(0) };
  const sums = { frames: 0, duplicates: 0, found: 0, wrong: 0, worstPsnr: Number.POSITIVE_INFINITY };
  for await (const frame of decodeFrames(files.lossy, size)) {
    const original = originals[sums.frames] ?? '';
    const picture = factor === 1 ? frame.picture : ((await enlarged.next()).value?.picture ?? frame.picture);
    if (original === originals[sums.frames - 1]) sums.duplicates++;
    sums.frames++;
    if (finder.isDuplicate(frame)) {
      sums.found++;
      if (original !== kept.original) sums.wrong++;
      sums.worstPsnr = Math.min(sums.worstPsnr, psnr(picture, kept.picture, shown));
    } else {
      kept.original = original;
      kept.picture = picture.slice();
    }
  }
  await enlarged.return(undefined);
  return sums;
}

async function hashesOf(path: string, size: Size): Promise<string[]> {
  const hashes: string[] = [];
  for await (const { hash } of decodeFrames(path, size)) hashes.push(hash);
  return hashes;
}
