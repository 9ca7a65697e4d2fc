/** Where a spec's video is looked for. Folders are absolute, with the system's own separators. */
interface SearchPlace {
  /** Folder of the spec's file. */
  readonly specFolder: string;
  /** Highest folder that is searched. */
  readonly inputRoot: string;
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
 * to the input root, against the working folder. The path is taken to the letter first, then without space around it,
 * with backslashes as separators, and in both forms of composed letters: systems and tools write them in either.
 */
export function videoCandidates(written: string, place: SearchPlace, rules: PathRules): string[] {
  const trimmed = written.trim();
  if (trimmed === '' || trimmed.includes('\0')) return [];
  const slashed = trimmed.replaceAll('\\', '/');
  const spellings = [written, trimmed, slashed, slashed.normalize('NFC'), slashed.normalize('NFD')];
  const folders = [...foldersUpTo(place.specFolder, place.inputRoot, rules), place.workingFolder];
  const found = spellings.flatMap((path) =>
    rules.isAbsolute(path) ? [rules.resolve(path)] : folders.map((folder) => rules.resolve(folder, path)),
  );
  return [...new Set(found)];
}

function foldersUpTo(folder: string, root: string, rules: PathRules): string[] {
  const folders = [folder];
  let current = folder;
  while (current !== root && isInside(current, root, rules)) {
    const parent = rules.dirname(current);
    if (parent === current) break;
    current = parent;
    folders.push(current);
  }
  return folders;
}

function isInside(folder: string, root: string, rules: PathRules): boolean {
  const way = rules.relative(root, folder);
  return way !== '' && way !== '..' && !way.startsWith(`..${rules.sep}`) && !rules.isAbsolute(way);
}
