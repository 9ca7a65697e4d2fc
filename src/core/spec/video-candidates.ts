/** Where a spec's video is looked for. Folders are absolute, with the system's own separators. */
interface SearchPlace {
  /** Folder of the spec's file. */
  readonly specFolder: string;
  /** Folders above the spec's are searched up to this one … */
  readonly inputRoot: string;
  /** … and up to this one, where the spec lies in it: a spec that is given by itself finds what it finds in its folder. */
  readonly workingFolder: string;
}

/** The path rules of the system, as `node:path` has them. */
interface PathRules {
  isAbsolute(path: string): boolean;
  resolve(...parts: string[]): string;
  dirname(path: string): string;
  relative(from: string, to: string): string;
  readonly sep: string;
}

/**
 * Paths at which a spec's video may lie, best first: as given, against the spec's folder, against its parents up
 * to the input root or the working folder, whichever is higher, against the working folder. The path is taken to the letter first, then without space around it,
 * with backslashes as separators, and in both forms of composed letters: systems and tools write them in either.
 */
export function* videoCandidates(written: string, place: SearchPlace, rules: PathRules): Generator<string> {
  if (written.trim() === '' || written.includes('\0')) return;
  const seen = new Set<string>();
  // Found one by one: mostly the first is there, and large plans look for very many.
  for (const path of spellingsOf(written)) {
    for (const folder of rules.isAbsolute(path) ? ['/'] : foldersOf(place, rules)) {
      const candidate = rules.resolve(folder, path);
      if (seen.has(candidate)) continue;
      seen.add(candidate);
      yield candidate;
    }
  }
}

function* spellingsOf(written: string): Generator<string> {
  yield written;
  const trimmed = written.trim();
  yield trimmed;
  const slashed = trimmed.replaceAll('\\', '/');
  yield slashed;
  yield slashed.normalize('NFC');
  yield slashed.normalize('NFD');
}

function* foldersOf(
  { specFolder, inputRoot, workingFolder }: SearchPlace,
  rules: PathRules,
): Generator<string> {
  yield specFolder;
  let current = specFolder;
  while (isInside(current, inputRoot, rules) || isInside(current, workingFolder, rules)) {
    current = rules.dirname(current);
    yield current;
  }
  yield workingFolder;
}

function isInside(folder: string, root: string, rules: PathRules): boolean {
  const way = rules.relative(root, folder);
  return way !== '' && way !== '..' && !way.startsWith(`..${rules.sep}`) && !rules.isAbsolute(way);
}
