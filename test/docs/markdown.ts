import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** A block of code between fences. */
export interface CodeBlock {
  readonly language: string;
  readonly text: string;
}

/** A page, taken apart as far as its promises go. */
export interface Page {
  /** Relative to the repository. */
  readonly path: string;
  readonly blocks: readonly CodeBlock[];
  /** `code` within text. */
  readonly spans: readonly string[];
  /** `code` in bold: what a reader looks for. */
  readonly boldSpans: readonly string[];
  /** Targets of links and pictures, as written. */
  readonly links: readonly string[];
  /** Anchors of the headings. */
  readonly anchors: ReadonlySet<string>;
}

/** Every page that a reader of the repository may open. */
export function readPages(): Page[] {
  const inDocs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' });
  const pages = inDocs.filter((name) => name.endsWith('.md')).map((name) => join('docs', name));
  return ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', ...pages.sort()].map(readPage);
}

/** Reads a page by its path in the repository. */
export function readPage(path: string): Page {
  const source = readFileSync(join(root, path), 'utf8');
  const blocks: CodeBlock[] = [];
  const prose = source.replaceAll(
    /^```(\w*)[^\n]*\n([\s\S]*?)^```$/gm,
    (_, language: string, text: string) => {
      blocks.push({ language, text });
      return '';
    },
  );
  const spans = [...prose.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '');
  const boldSpans = [...prose.matchAll(/\*\*`([^`\n]+)`/g)].map((match) => match[1] ?? '');
  const withoutCode = prose.replaceAll(/`[^`\n]+`/g, (code) => code.replaceAll(/[[\]()]/g, ''));
  const links = [...withoutCode.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '');
  const headings = [...prose.matchAll(/^#+ (.+)$/gm)].map((match) => anchorOf(match[1] ?? ''));
  return {
    path: relative(root, join(root, path)),
    blocks,
    spans,
    boldSpans,
    links,
    anchors: new Set(headings),
  };
}

/** A heading's anchor by GitHub's rule: lower case, no punctuation, dashes for spaces. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
}
