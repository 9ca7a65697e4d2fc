/** Longest part of a file name that a spec's name gives, in characters; the whole stays below 255 bytes. */
const maxNameLength = 60;

/**
 * Where a new spec belongs, as the original tools name it: a folder by date, then name, time and id.
 *
 * @param createdAt - UTC.
 * @returns Path with forward slashes: `2026-01-10/<name>_2026-01-10T09-30-00_<id>.json`.
 */
export function specFileName(name: string, createdAt: Date, id: string): string {
  const time = createdAt.toISOString().slice(0, 19).replaceAll(':', '-');
  return `${time.slice(0, 10)}/${fileNamePart(name)}_${time}_${id}.json`;
}

/** A name as part of a file name on any system: what Windows forbids, and control characters, become `_`. */
export function fileNamePart(name: string): string {
  const safe = Array.from(name.normalize('NFC').replaceAll(/[<>:"/\\|?*\p{C}\p{Z}]+/gu, '_'))
    .slice(0, maxNameLength)
    .join('')
    .replaceAll(/^[._-]+|[._]+$/g, '');
  return safe === '' ? 'spec' : safe;
}

/** Gives every name once, also where case means nothing: one that is taken gets a number. */
export class FreeNames {
  readonly #taken = new Set<string>();
  /** The number to try next, by name: thousands may want the same one. */
  readonly #next = new Map<string, number>();

  take(wanted: string): string {
    const key = wanted.toLowerCase();
    let name = wanted;
    for (let number = this.#next.get(key) ?? 2; this.#taken.has(name.toLowerCase()); number += 1) {
      name = `${wanted}_${number}`;
      this.#next.set(key, number + 1);
    }
    this.#taken.add(name.toLowerCase());
    return name;
  }
}

/** File names without an ending, each once. @param given - Names, or paths of specs. */
export function uniqueNames(given: readonly string[]): string[] {
  const names = new FreeNames();
  return given.map((text) => names.take(fileNamePart(text.replace(/\.json$/i, ''))));
}
