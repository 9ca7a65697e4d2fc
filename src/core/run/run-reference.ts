/** What is typed of an id has at least so many characters. */
const minTypedLength = 4;

/** What is shown of an id has at least so many characters: its random end. */
const minShownLength = 8;

/**
 * The ids that `reference` may stand for: the one that it is, or else all that begin or end with it.
 *
 * @param reference - An id, or 4 characters or more of its beginning or its end.
 */
export function idsMatching(reference: string, ids: readonly string[]): readonly string[] {
  if (ids.includes(reference)) return [reference];
  if (reference.length < minTypedLength) return [];
  return [...new Set(ids.filter((id) => id.startsWith(reference) || id.endsWith(reference)))];
}

/** Shows an id by an end of it that no other of `ids` has, of 8 characters or more. */
export function shortenId(id: string, ids: readonly string[]): string {
  for (let length = minShownLength; length < id.length; length++) {
    const end = id.slice(-length);
    // What begins with a dash would be taken for a flag.
    if (end.startsWith('-')) continue;
    if (idsMatching(end, ids).length <= 1) return end;
  }
  return id;
}
