import type { Size } from '../../hints/size.ts';
import type { DuplicateFinder, SeenFrame } from './seen-frame.ts';
import { limitsOf, TolerantFinder } from './tolerant-finder.ts';

/**
 * Which frames are taken for duplicates: none; those whose pictures are equal to the last bit; those that a person
 * cannot tell from the one before; or also those that differ a little.
 */
export const duplicateModes = ['off', 'exact', 'safe', 'aggressive'] as const;
export type DuplicateMode = (typeof duplicateModes)[number];

/** Whether frames have to come with their pictures. */
export function needsPictures(mode: DuplicateMode): boolean {
  return mode === 'safe' || mode === 'aggressive';
}

/** @param size - Size of the pictures. */
export function createDuplicateFinder(mode: DuplicateMode, size: Size): DuplicateFinder {
  if (mode === 'off') return { isDuplicate: () => false };
  if (mode === 'exact') return new ExactFinder();
  return new TolerantFinder(size, limitsOf[mode]);
}

class ExactFinder implements DuplicateFinder {
  #hash: string | null = null;

  isDuplicate({ hash }: SeenFrame): boolean {
    const isSame = hash === this.#hash;
    this.#hash = hash;
    return isSame;
  }
}
