/**
 * Keeps the names in `src` plain; a part of `npm run check`.
 *
 *     node scripts/check-names.ts
 *
 * - Private words, for which the field has a better one, stand in no identifier and no file or folder name.
 * - No exported name stands twice.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One file of `src`: its path with forward slashes, and its text. */
interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** A word of our own, and what to say instead. */
interface PrivateWord {
  /** Matched against a name's words in lower case, such as `-hand-over-batch-` for `handOverBatch`. */
  readonly words: RegExp;
  readonly say: string;
  /** Names in which it is the field's own word, or plain English of another meaning. */
  readonly accepted?: RegExp;
}

const privateWords: Readonly<Record<string, PrivateWord>> = {
  shelf: { words: /-shel(f|ves)-/, say: 'ResultStore, ObjectStore or SegmentStore' },
  ledger: { words: /-ledgers?-/, say: 'RunEventRecorder or AnswerIndex' },
  tally: { words: /-tall(y|ies)-/, say: 'counts or RestartPolicy' },
  desk: { words: /-desks?-|-work-book-/, say: 'EngineManager or TaskQueue' },
  board: { words: /-boards?-/, say: 'StatusPublisher or progress' },
  gate: {
    words: /-(outage|person)-gate-|-admission-/,
    say: 'CircuitBreaker, PromptTracker or ConcurrencyLimiter',
  },
  // A picture turns, too.
  turns: { words: /-wait-list-|-turns-/, say: 'WaitQueue or Mutex', accepted: /^turns$/ },
  hunt: {
    words: /-(hunts?|suspects?|culprits?|tickets?|office)-/,
    say: 'CrashBisector, candidates or request state',
  },
  story: { words: /-stor(y|ies)-/, say: 'state' },
  wish: { words: /-wish(es)?-/, say: 'spec, request or options' },
  // "sound" is audio: it has no plural and is nothing's property.
  sound: {
    words: /-unsound-|-is-sound-|-sound-(objects?|files?|content|runs?)-/,
    say: 'valid, intact or invalid',
  },
  away: { words: /-away-/, say: 'unreachable' },
  patience: { words: /-(im)?patien(ce|t)-/, say: 'timeoutMs, deadlineMs or retryForMs' },
  trouble: { words: /-troubled?s?-/, say: 'waitReason or failure' },
  tell: { words: /-(tells?|told|telling|heeds?|heeded)-/, say: 'emit, notify or onStatus' },
  look: { words: /-look(s|ed|ing)?-(?!up-)/, say: 'query, poll, stat or lookUp', accepted: /^looksLike/ },
  lastWords: { words: /-last-words-/, say: 'stderrTail' },
  // Words of natural language, and those of a processor, are words.
  words: {
    words: /-(status|progress|stage|action|parser|upscale|collect|collected)-words-/,
    say: 'text or label',
  },
  handOver: { words: /-hand(s|ed|ing)?-over-/, say: 'submit or TaskAssignments' },
  announcer: { words: /-(announcers?|unheard)-/, say: 'notifier or undelivered' },
  print: { words: /-prints?-/, say: 'fingerprint' },
  bring: { words: /-(bring|brings|bury|buried)-|-let-go-/, say: 'download, markDead or release' },
  late: { words: /^-late-(?!frames)/, say: 'Lazy*', accepted: /^late[A-Z]?/ },
  asking: { words: /^-asking-$/, say: 'attempts', accepted: /^asking$/ },
  // A random generator has a seed.
  seed: { words: /-seeds?-/, say: 'the name of the format, such as status file', accepted: /^seed$/ },
  sitting: { words: /-sittings?-/, say: 'session' },
  engineServer: { words: /-engine-servers?-/, say: 'model server' },
  parts: {
    words: /-parts-$/,
    say: '*Deps for collaborators, *Options for values',
    accepted: /^[a-z]|^BoxParts$/,
  },
};

/** What is wrong with the names in these files, a sentence each. */
export function findNameFaults(files: readonly SourceFile[]): readonly string[] {
  return [...findPrivateWords(files), ...findRepeatedExports(files)];
}

function findPrivateWords(files: readonly SourceFile[]): readonly string[] {
  const faults = new Set<string>();
  for (const { path, text } of files) {
    const names = new Set([
      ...path.replace(/\.ts$/, '').split('/'),
      ...(codeOf(text).match(/[\p{L}_$][\w$]*/gu) ?? []),
    ]);
    for (const name of names) {
      const words = wordsOf(name);
      for (const [word, { words: pattern, say, accepted }] of Object.entries(privateWords)) {
        if (!pattern.test(words) || accepted?.test(name)) continue;
        faults.add(`${path}: "${name}" has the private word "${word}"; say ${say}.`);
      }
    }
  }
  return [...faults];
}

/** `-hand-over-batch-` for `handOverBatch` and for `hand_over_batch`. */
function wordsOf(name: string): string {
  const parts = name.replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2').replaceAll(/([A-Z])([A-Z][a-z])/g, '$1-$2');
  return `-${parts
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((part) => part !== '')
    .join('-')}-`;
}

const exportPattern =
  /^export (?:async |abstract )*(?:function\*?|const|let|class|interface|type|enum) ([\p{L}_$][\w$]*)/gmu;

function findRepeatedExports(files: readonly SourceFile[]): readonly string[] {
  const paths = new Map<string, Set<string>>();
  for (const { path, text } of files) {
    for (const [, name = ''] of text.matchAll(exportPattern)) {
      paths.set(name, (paths.get(name) ?? new Set()).add(path));
    }
  }
  return [...paths].flatMap(([name, places]) =>
    places.size > 1
      ? [`"${name}" is exported by ${[...places].join(' and ')}; rename one or unite them.`]
      : [],
  );
}

/** Comments, texts (with one level of templates in templates) and regular expressions. */
export const notCode = new RegExp(
  [
    String.raw`\/\/[^\n]*`,
    String.raw`\/\*[^]*?\*\/`,
    String.raw`'(?:\\.|[^'\\\n])*'`,
    String.raw`"(?:\\.|[^"\\\n])*"`,
    '`(?:\\\\[^]|\\$\\{(?:[^{}`]|\\{[^{}]*\\}|`[^`]*`)*\\}|[^`\\\\])*`',
    String.raw`(?<=(?:[(,=:[!&|?{};>]|return|\n)\s*)\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^\/\\\n[])+\/[dgimsuvy]*`,
  ].join('|'),
  'g',
);

function codeOf(text: string): string {
  return text.replaceAll(notCode, ' ');
}

function readSources(): readonly SourceFile[] {
  const root = fileURLToPath(new URL('../src', import.meta.url));
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({
      path: `src/${path.replaceAll('\\', '/')}`,
      text: readFileSync(join(root, path), 'utf8'),
    }));
}

if (import.meta.main) {
  const faults = findNameFaults(readSources());
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  if (faults.length > 0) process.exitCode = 1;
}
