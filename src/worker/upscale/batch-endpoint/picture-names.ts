/** Longest name without its ending, in characters: short enough for every file system in any writing. */
const maxStemLength = 60;

/** Names that Windows keeps for devices. */
const reserved = /^(con|prn|aux|nul|com\d|lpt\d)$/i;

/**
 * Names for the upscaled pictures: those of the uploads with the ending `.png`, without folders and whatever a file
 * system may not take, each once also where letters' case does not count.
 */
export function pictureNames(uploadNames: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  return uploadNames.map((name, index) => {
    const stem = safeStem(name) || `picture_${index + 1}`;
    let candidate = stem;
    for (let count = 2; taken.has(candidate.toLowerCase()); count += 1) candidate = `${stem}_${count}`;
    taken.add(candidate.toLowerCase());
    return `${candidate}.png`;
  });
}

function safeStem(name: string): string {
  const file = name.normalize('NFC').split(/[/\\]/).at(-1) ?? '';
  const stem = file
    .replace(/\.(png|jpe?g|jfif)$/i, '')
    .replace(/[\p{C}\p{Zl}\p{Zp}<>:"|?*]/gu, '_')
    .replace(/^[.\s-]+|[.\s]+$/g, '');
  const short = [...stem].slice(0, maxStemLength).join('').trimEnd();
  return reserved.test(short) ? `_${short}` : short;
}
