import { basename, dirname, join } from 'node:path';
import { type SpecFailure, specFailure } from '../../core/run/failure.ts';
import { shellQuoted } from '../../core/run/shell-quoted.ts';
import { sourceFolderOf } from '../../core/spec/enrich.ts';
import { isWindowsPath, type MappedFolder, mappedPath } from '../../core/spec/path-map.ts';
import type { PromptSpec } from '../../core/spec/prompt-spec.ts';
import type { SpecCandidate, SpecStore, VideoFile } from '../../ports/spec-store.ts';

const again = 'then run again: finished prompts are reused.';

interface VideoSearch {
  readonly inputRoot: string;
  readonly mappedFolders: readonly MappedFolder[];
  readonly ports: { readonly specs: Pick<SpecStore, 'findVideo' | 'misnamedVideo'> };
}

/**
 * Where a video of a spec lies on this machine: by the map first, then as it is written; null for nowhere. Paths of an enriched
 * spec are those of its source: they are looked for as that one would find them, and else from the spec itself.
 */
export async function locateVideo(
  written: string,
  { path: specPath }: Pick<SpecCandidate, 'path'>,
  spec: PromptSpec,
  { inputRoot, mappedFolders, ports }: VideoSearch,
): Promise<VideoFile | null> {
  const mapped = mappedPath(written, mappedFolders);
  const source = placeOfSource(specPath, spec);
  const places = [...(source ? [source] : []), { path: specPath, root: inputRoot }];
  for (const named of mapped === null ? [written] : [mapped, written]) {
    for (const { path, root } of places) {
      const file = await ports.specs.findVideo(named, path, root);
      if (file) return file;
    }
  }
  return null;
}

/** The source of an enriched spec, and the folder that both lie in: no higher one is searched. */
function placeOfSource(specPath: string, spec: PromptSpec): { path: string; root: string } | null {
  const folder = sourceFolderOf(spec);
  if (folder === null) return null;
  const shared = /^(?:\.\.(?:\/|$))*/.exec(folder)?.[0] ?? '';
  return { path: join(dirname(specPath), folder, basename(specPath)), root: join(dirname(specPath), shared) };
}

/** Says of a video that was not found what is likely to be wrong with its path. */
export async function missingVideo(
  path: string,
  { path: specPath }: SpecCandidate,
  { inputRoot, mappedFolders, ports }: VideoSearch,
): Promise<SpecFailure> {
  const misnamed = await ports.specs.misnamedVideo(path, specPath, inputRoot);
  if (misnamed !== null)
    return failed(`There is no video "${path}": the name of ${misnamed} is not UTF-8.`, renameStep(misnamed));
  const mapped = mappedPath(path, mappedFolders);
  if (mapped !== null) {
    const message = `There is no video "${path}", which --map or [paths] map looks for at ${mapped}.`;
    return failed(message, `Correct the folder of the map, ${again}`);
  }
  const example = `--map ${shellQuoted(`${folderOf(path)}=/here`)}, or [paths] map in config.toml`;
  // A drive or a server found nothing: either it is none of this system, or it is not there.
  if (isWindowsPath(path)) {
    const message = `The path "${path}" is on another machine.`;
    return failed(message, `Map its folder to where it is here: ${example}; ${again}`);
  }
  if (path.trim().startsWith('/')) {
    const next = `Correct the path; if it is a path on another machine, map its folder to where it is here: ${example}; ${again}`;
    return failed(`There is no video "${path}".`, next);
  }
  return failed(
    `There is no video "${path}", neither from the spec's folder, nor from those above it up to ${inputRoot} or the folder you are in.`,
    `Correct the path, give a higher folder as input, or start in the folder the path begins at; ${again}`,
  );
}

/** What to do with a file whose name is not UTF-8. @param shown - Its path, with the bytes at fault written out. */
export function renameStep(shown: string): string {
  const folder = shown.includes('/') ? shown.slice(0, shown.lastIndexOf('/')) : '.';
  return `Rename it, such as with: convmv -f latin1 -t utf8 --notest -r ${shellQuoted(folder)}`;
}

function failed(message: string, nextStep: string): SpecFailure {
  return specFailure('video-unreadable', message, nextStep);
}

/** The folder of a path of any system, as it is written. */
function folderOf(path: string): string {
  return /^(.*?)[\\/]+[^\\/]*$/.exec(path.trim())?.[1] || '/';
}
