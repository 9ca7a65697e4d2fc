/**
 * Keeps the language of `src` and the docs plain and well spelled; a part of `npm run check`.
 *
 *     node scripts/check-language.ts
 *
 * - Phrases for which there is a plainer one are in no message, help text, comment or page.
 * - Messages, help and pages have no misspelled word. Words that no dictionary has are in `words.txt`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import dictionary from 'dictionary-en';
import nspell from 'nspell';
import { notCode } from './check-names.ts';

/** A file of the project: its path with forward slashes, and its text. */
interface ProjectFile {
  readonly path: string;
  readonly text: string;
}

interface Phrase {
  readonly pattern: RegExp;
  readonly say: string;
  /** Where it is plain English of another meaning: tested against the text around it. */
  readonly accepted?: RegExp;
}

const phrases: readonly Phrase[] = [
  {
    pattern: /\b(?:go|goes|went|going|gone)\s+on\b/i,
    say: 'continue, resume or keep running',
    // A phrase that the embedded engine writes into prompts.
    accepted: /as the shot goes on/,
  },
  { pattern: /\bmend(?:s|ed|ing)?\b/i, say: 'fix' },
  { pattern: /\btid(?:y|ies|ied|ying)\b/i, say: 'clean up', accepted: /tidy-answer\.ts/ },
  { pattern: /\bbegun\b/i, say: 'started' },
  { pattern: /\banew\b/i, say: 'again' },
  { pattern: /\b(?:nobody|whoever)\b/i, say: 'who acts: no worker, the client, anyone who' },
  { pattern: /\b(?:stands?|stood|standing)\s+in\b/i, say: 'is in, or replaces' },
  { pattern: /\bbelongs?\s+into\b/i, say: 'belongs in' },
  { pattern: /\bof\s+today\b/i, say: 'current' },
  { pattern: /\blarger\s+videos?\s+of\s+a\s+video\b/i, say: 'upscale a video' },
  { pattern: /\bleave\s+\S+\s+away\b/i, say: 'leave out' },
  { pattern: /\b(?:is|are|was|were)\s+no\s+good\b/i, say: 'is not usable' },
];

/** A piece of a file that people read. */
interface Prose {
  readonly path: string;
  readonly line: number;
  readonly text: string;
  /** Comments are checked for phrases only. */
  readonly isComment: boolean;
}

/** What is wrong with the language of these files, a sentence each. @param isWord - Whether a word is spelled well. */
export function findLanguageFaults(
  files: readonly ProjectFile[],
  isWord: (word: string) => boolean,
): readonly string[] {
  const prose = files.flatMap(proseOf);
  return [...prose.flatMap(phraseFaults), ...prose.flatMap((piece) => spellingFaults(piece, isWord))];
}

/** What plurals, genitives and forms of verbs add to a word of our own. */
const endings = [/'s$/, /s$/, /d$/, /ed$/, /ing$/];

/** Tells whether a word is in the English dictionary or among the project's own words. @param ownWords - Separated by white space. */
export function createSpelling(ownWords: string): (word: string) => boolean {
  const spelling = nspell({ aff: Buffer.from(dictionary.aff), dic: Buffer.from(dictionary.dic) });
  const own = new Set(ownWords.split(/\s+/));
  const known = new Map<string, boolean>();
  return (word) => {
    const lower = word.toLowerCase();
    const forms = [lower, ...endings.map((ending) => lower.replace(ending, ''))];
    const isKnown = known.get(word) ?? (forms.some((form) => own.has(form)) || spelling.correct(word));
    known.set(word, isKnown);
    return isKnown;
  };
}

function proseOf({ path, text }: ProjectFile): Prose[] {
  if (!path.endsWith('.ts')) {
    const plain = path.endsWith('.md') ? withoutCode(text) : text.replaceAll(/^[^#\n]*/gm, '');
    return plain.split('\n').map((line, at) => ({ path, line: at + 1, text: line, isComment: false }));
  }
  return [...text.matchAll(notCode)].flatMap(({ 0: piece, index }) => {
    const isComment = piece.startsWith('//') || piece.startsWith('/*');
    if (piece.startsWith('/') && !isComment) return [];
    const line = text.slice(0, index).split('\n').length;
    return [{ path, line, text: piece.replaceAll(/\n\s*\*/g, '\n'), isComment }];
  });
}

/** Code keeps its lines, so that those of faults are right. */
function withoutCode(markdown: string): string {
  return markdown
    .replaceAll(/^```[\s\S]*?^```/gm, (block) => block.replaceAll(/[^\n]+/g, ''))
    .replaceAll(/`[^`\n]*`/g, '`')
    .replaceAll(/\]\([^)\s]*\)/g, ']')
    .replaceAll(/<!--[\s\S]*?-->/g, '');
}

function phraseFaults({ path, line, text }: Prose): string[] {
  return phrases.flatMap(({ pattern, say, accepted }) => {
    const found = pattern.exec(text);
    if (!found || accepted?.test(text)) return [];
    const at = line + text.slice(0, found.index).split('\n').length - 1;
    return [`${path}:${at}: "${found[0]}"; say ${say}.`];
  });
}

function spellingFaults({ path, line, text, isComment }: Prose, isWord: (word: string) => boolean): string[] {
  if (isComment || path.endsWith('style.ts') || (path.endsWith('.ts') && !isSentence(text))) return [];
  return [...new Set(wordsOf(text))]
    .filter((word) => !isWord(word))
    .map((word) => `${path}:${line}: "${word}" is misspelled, or a word for scripts/words.txt.`);
}

/** Sentences have words with spaces between them; markup, paths and patterns do not count. */
function isSentence(text: string): boolean {
  return /[a-z,;:] [a-z]+ [a-z]/.test(text) && !/<\/?[a-z]|[{;]\s*\n|\\[bswd]|\[[^\]]*\|/.test(text);
}

/** Words in lower case, with one capital at most: names of code, flags, paths and numbers are left out. */
function wordsOf(text: string): string[] {
  return (
    text
      .replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, ' 0 ')
      .replaceAll(/\\u\w{4}|\\./g, ' ')
      .replaceAll(/\S*[\d_@=~\\/<>$|{}[\]*%]\S*|(?<![\w’'])-{1,2}[a-z][\w-]*|\w+\.\w\S*|\.\w+|\w+\(\)/g, ' ')
      .match(/(?<![\p{L}\d_-])\p{Lu}?\p{Ll}+(?:['’]\p{Ll}+)?(?![\p{L}\d_])/gu) ?? []
  ).map((word) => word.replaceAll('’', "'"));
}

const root = fileURLToPath(new URL('..', import.meta.url));

function readProject(): readonly ProjectFile[] {
  const inFolders = ['src', 'docs', 'docker'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
  );
  return [...inFolders, ...readdirSync(root)]
    .filter((path) => /(?:\.ts|\.md|Dockerfile|^config\.toml)$/.test(path))
    .map((path) => ({ path: path.replaceAll('\\', '/'), text: readFileSync(join(root, path), 'utf8') }));
}

/** What is wrong with the language of the project. */
export function languageFaults(): readonly string[] {
  const isWord = createSpelling(readFileSync(new URL('words.txt', import.meta.url), 'utf8'));
  return findLanguageFaults(readProject(), isWord);
}

if (import.meta.main) {
  const faults = languageFaults();
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  if (faults.length > 0) process.exitCode = 1;
}
