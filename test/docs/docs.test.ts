import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { readCommands } from '../../scripts/docs/command-manifest.ts';
import { generateDocs } from '../../scripts/docs/generate.ts';
import { settingNames } from '../../scripts/docs/parts/settings.ts';
import { failureNextSteps } from '../../src/core/run/failure.ts';
import { resolveSettings } from '../../src/core/settings/resolve-settings.ts';
import { exitCodeOf } from '../../src/errors/error-codes.ts';
import { readPage, readPages, root } from './markdown.ts';

const pages = readPages();
const commands = readCommands();
const shellLanguages = new Set(['sh', 'bash', 'console', 'text', '']);

it('generated parts and schemas are as the code says (else: npm run docs)', () => {
  expect(generateDocs(true)).toEqual([]);
});

it('every page is linked from another one', () => {
  const linked = new Set(
    pages.flatMap((page) =>
      page.links.map((link) => normalize(join(dirname(page.path), link.split('#')[0] ?? ''))),
    ),
  );
  const alone = pages.map(({ path }) => path).filter((path) => path !== 'README.md' && !linked.has(path));
  expect(alone).toEqual([]);
});

it('npm scripts that the pages name exist', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };
  const texts = pages.flatMap((page) => [...page.spans, ...page.blocks.map(({ text }) => text)]);
  const named = texts.flatMap((text) => [...text.matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => name));
  expect([...new Set(named)].filter((name) => !(name in scripts))).toEqual([]);
});

it('troubleshooting quotes messages that the program prints', () => {
  const sources = readSources().replaceAll(/\$\{[^}]*\}/g, '…');
  const quotes = [...readPage('docs/troubleshooting.md').boldSpans].filter((span) => span.includes(' '));
  expect(quotes.length).toBeGreaterThan(30);
  const pieces = quotes.flatMap((quote) => quote.split('…')).map((piece) => piece.trim());
  expect(pieces.filter((piece) => piece.length > 3 && !sources.includes(piece))).toEqual([]);
});

it('messages name help pages that exist', () => {
  const named = [...readSources().matchAll(/\bcosmos (help [a-z][\w./-]+\w)/g)].map(
    ([, typed = '']) => typed,
  );
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((typed) => !isHelp(typed))).toEqual([]);
});

describe.each(pages)('$path', (page) => {
  it('has links and anchors that lead somewhere', () => {
    const broken = page.links.filter((link) => !leadsSomewhere(page.path, link));
    expect(broken).toEqual([]);
  });

  it('names commands and flags that exist', () => {
    const lines = page.blocks
      .filter((block) => shellLanguages.has(block.language))
      .flatMap((block) => block.text.replaceAll('\\\n', ' ').split('\n'));
    const typed = [...lines, ...page.spans].filter((line) => /^(?:\$ )?cosmos [a-z]/.test(line));
    expect(typed.flatMap(faultsOfCommand)).toEqual([]);
    expect(page.spans.filter((span) => span.startsWith('--')).filter(isUnknownFlag)).toEqual([]);
  });

  it('names settings that exist', () => {
    const known = settingNames();
    const written = page.spans.filter((span) =>
      /^(?:upsampling|upscaling|retry|cache|hosts)\.[\w.]+$/.test(span),
    );
    const isKnown = (name: string) => {
      const general = name.replace(/^hosts\.\w+/, 'hosts.NAME');
      return known.some((setting) => setting === general || setting.startsWith(`${general}.`));
    };
    expect(written.filter((name) => !isKnown(name))).toEqual([]);
    for (const block of page.blocks.filter(({ language }) => language === 'toml')) {
      expect(() => resolveSettings([{ source: page.path, values: parse(block.text) }])).not.toThrow();
    }
  });

  it('names error and failure codes that exist', () => {
    const families =
      /^(?:engine|output|video|hint|spec|checkpoint|request|context|prompt|resolution|host|image|disk)-[a-z]+(?:-[a-z]+)*$/;
    const known = new Set([...Object.keys(failureNextSteps), ...Object.keys(exitCodeOf), ...otherWords]);
    expect(page.spans.filter((span) => families.test(span) && !known.has(span))).toEqual([]);
  });

  it('names files of the repository that exist', () => {
    const paths = page.spans.filter((span) => /^[\w-]+(?:\/[\w.-]+)+\/?$/.test(span) && isOfRepository(span));
    expect(
      paths.filter((path) => !existsSync(join(root, path)) && !existsSync(join(root, 'src', path))),
    ).toEqual([]);
  });

  it('says nothing of the machine it was written on', () => {
    const text = [...page.spans, ...page.blocks.map((block) => block.text)].join('\n');
    expect(text).not.toMatch(/\/tmp\/|\/root\/|\/work\//);
  });
});

/** Words that look like codes and are none. */
const otherWords = [
  'prompt-upsampler',
  'host-reachable',
  'video-finished',
  'video-prepared',
  'prompt-failed',
  'video-failed',
];

/** Flags of other programs that the pages mention. */
const foreignFlags = new Set([
  '--check',
  '--ctx-size',
  '--image-max-tokens',
  '--mmproj',
  '--limit-mm-per-prompt',
  '--max-model-len',
  '--max-num-seqs',
  '--parallel',
  '--tensor-parallel-size',
  '--tokenizer-mode',
  '--trust-remote-code',
]);

/** Flags that every command line tool of the framework has. */
const builtInFlags = new Set(['help', 'version']);

/** Whether a path begins in a folder of the repository, or in a room of `src`. */
function isOfRepository(path: string): boolean {
  const first = path.split('/')[0] ?? '';
  return topFolders.has(first) || existsSync(join(root, 'src', first));
}

const topFolders = new Set(['src', 'test', 'scripts', 'docs', 'docker', 'bin', 'node_modules']);

/** The code as one text. */
function readSources(): string {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(root, 'src', file), 'utf8'))
    .join('\n');
}

function leadsSomewhere(from: string, link: string): boolean {
  if (/^https?:\/\//.test(link)) return true;
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? from : normalize(join(dirname(from), file));
  if (!existsSync(join(root, target))) return false;
  return anchor === undefined || readPage(target).anchors.has(anchor);
}

/** @param typed - Such as `help exit-codes`. */
function isHelp(typed: string): boolean {
  const name = typed.split(/\s+/)[1] ?? '';
  const isCommand = commands.some(({ id }) => id === name);
  return isCommand || existsSync(join(root, 'docs', `${name.replace(/^docs\//, '')}.md`));
}

function faultsOfCommand(line: string): string[] {
  const typed = /^(?:\$ )?cosmos (.*)$/.exec(line)?.[1] ?? '';
  if (/^autocomplete\b/.test(typed)) return [];
  if (/^help\b/.test(typed)) return isHelp(typed) ? [] : [`no help page: ${line}`];
  const idOf = ({ id }: (typeof commands)[number]) => id.replaceAll(':', ' ');
  const found = commands.filter((known) => `${typed} `.startsWith(`${idOf(known)} `));
  // `runs` and `runs rm` are both commands.
  const command = found.sort((one, other) => other.id.length - one.id.length)[0];
  if (!command) return [`no command: ${line}`];
  const rest = typed.slice(idOf(command).length);
  const flags = [...rest.replaceAll(/"[^"]*"/g, '').matchAll(/--([a-z][a-z-]*)/g)].map(
    ([, flag = '']) => flag,
  );
  const isKnown = (flag: string) => {
    const positive = command.flags[flag.replace(/^no-/, '')];
    return builtInFlags.has(flag) || flag in command.flags || (flag.startsWith('no-') && positive?.allowNo);
  };
  return flags.filter((flag) => !isKnown(flag)).map((flag) => `no flag --${flag}: ${line}`);
}

function isUnknownFlag(span: string): boolean {
  const flag = /^--(?:\[no-\])?([a-z-]+)/.exec(span)?.[1] ?? '';
  if (foreignFlags.has(`--${flag}`) || builtInFlags.has(flag)) return false;
  return !commands.some(({ flags }) => flag in flags || flags[flag.replace(/^no-/, '')]?.allowNo);
}
