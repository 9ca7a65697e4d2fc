import { parseJson } from '../json.ts';
import { withoutHidden } from '../printable.ts';

/** A model's answer without what chat templates, gateways and habits put around it. */
export interface TidyAnswer {
  readonly text: string;
  /** The model was still thinking when its output ended: the text never began. */
  readonly isUnfinishedReasoning: boolean;
}

/** Removals wrap one another (a fence around a quoted text behind a preface); more layers are no model's habit. */
const maxLayers = 6;

const adjective = '(?:enhanced|enriched|improved|upsampled|detailed|refined|expanded|rewritten|revised)';

const noun = '(?:video |text |cosmos )?(?:prompt|description|caption|version)';

const prefaces = [
  // "Sure! Here is the enhanced prompt for your video:"
  new RegExp(
    `^(?:(?:sure|certainly|of course|okay|absolutely)\\b[,.!]*\\s*)?(?:here(?:'s|’s| is)|below is)\\s+(?:the|your|an?|my)\\s+(?:\\w+,?\\s+){0,3}?${adjective}\\s+(?:\\w+\\s+){0,2}?${noun}\\b[^:.\\n]{0,60}:\\**\\s*`,
    'i',
  ),
  // "**Enhanced Prompt:**"
  new RegExp(`^[*#_\\s]*${adjective}\\s+${noun}\\s*[*_]*:[*_]*\\s*`, 'i'),
];

const quotePairs: readonly (readonly [string, string])[] = [
  ['"', '"'],
  ['“', '”'],
  ['«', '»'],
  ["'", "'"],
  ['‘', '’'],
];

/** How models mark what they think before they answer. */
const reasoningBlocks = [
  { open: /<(?:seed:)?think(?:ing)?>/gi, close: /<\/(?:seed:)?think(?:ing)?>/gi },
  { open: /<(?:thought|reasoning)>/gi, close: /<\/(?:thought|reasoning)>/gi },
  { open: /◁think▷/g, close: /◁\/think▷/g },
  { open: /\[THINK\]/g, close: /\[\/THINK\]/g },
  { open: /<\|begin_of_thought\|>/g, close: /<\|end_of_thought\|>/g },
] as const;

/** Tags and keys in which models put the text when they are asked for nothing but it. */
const wrapper =
  '(?:final_?)?answer|output|response|result|(?:(?:enhanced|enriched|improved|upsampled|detailed|rewritten|revised|final|video)_?)?prompt|caption|description|text';

const wrapped = new RegExp(`^<(${wrapper})>([\\s\\S]*)</\\1>$`, 'i');
/** The other tag may have been cut off, or swallowed. */
const openedOnly = new RegExp(`^<(?:${wrapper})>(?![\\s\\S]*</)`, 'i');
const closedOnly = new RegExp(`</(?:${wrapper})>$`, 'i');
const wrapperKey = new RegExp(`^(?:${wrapper})$`, 'i');

/** Tokens of chat templates that begin or end a turn. None of them is a part of a sentence in any language. */
const turnToken =
  '<\\|(?:im_(?:start|end|assistant|user|system|middle)|(?:start|end)_header_id|e(?:ot|om)_id|end_?of_?text|begin_of_text|start|end|return|message|channel|assistant|user|system|(?:START|END)_OF_TURN_TOKEN|(?:CHATBOT|USER|SYSTEM)_TOKEN|(?:START|END)_RESPONSE)\\|>|<(?:start|end)_of_turn>|<｜[^｜<>]{1,40}｜>';
/** Shorter ones, which may be a part of a text: they count at its edges alone. */
const edgeToken = `${turnToken}|<\\|[a-z_]{2,40}\\|>|</?s>|<[be]os>|\\[/?INST\\]|\\[EOS\\]`;

const leadingToken = new RegExp(`^(?:${edgeToken})(?:(?:assistant|model|chatbot)(?=\\s*\\n|<))?\\s*`);
const trailingToken = new RegExp(`\\s*(?:${edgeToken})$`);
const nextTurn = new RegExp(turnToken);

/**
 * The enriched prompt out of a chatty answer: without reasoning, tokens of chat templates, a fence, tags, a JSON object
 * or quotes around the whole text, or a sentence that announces it. What follows a token that ends the turn is no part
 * of the answer, and Markdown is read as plain words: guardrails take an asterisk for a word that was censored.
 * Conservative otherwise: what is not clearly wrapping stays, and a wrapping around nothing stays too. Reasoning is the
 * exception: an answer that never came out of it is empty.
 */
export function tidyAnswer(answer: string): TidyAnswer {
  const spoken = spokenAnswer(answer);
  let { text } = spoken;
  for (let layer = 0; layer < maxLayers; layer += 1) {
    const inner = [
      withoutTokens,
      withoutFence,
      withoutJson,
      withoutTags,
      withoutPreface,
      withoutQuotes,
    ].reduce((outer, remove) => remove(outer).trim(), text);
    if (inner === text || inner === '') break;
    text = inner;
  }
  return { ...spoken, text: withoutMarkdown(text).trim() };
}

/** What a model answered in its own turn, without its reasoning and without hidden characters. */
export function spokenAnswer(answer: string): TidyAnswer {
  const spoken = withoutReasoning(withoutLeadingTokens(finalChannel(withoutHidden(answer))));
  if (spoken === null) return { text: '', isUnfinishedReasoning: true };
  return { text: withoutNextTurn(spoken.trim()), isUnfinishedReasoning: false };
}

/** Emphasis, headings, bullets, rules, quoted lines and links as plain words; a dash and a backtick are no harm. */
function withoutMarkdown(text: string): string {
  return text
    .replaceAll(/^[ \t]*(?:(?:-[ \t]*){3,}|(?:_[ \t]*){3,}|(?:\*[ \t]*){3,})$\n?/gm, '')
    .replaceAll(/^[ \t]*(?:#{1,6}|[*•>])[ \t]+/gm, '')
    .replaceAll(/!?\[([^\]\n]+)\]\(\S+?\)/g, '$1')
    .replaceAll(/(?<![\p{L}\p{N}_])(_{1,3})(?=[^\s_])([^_\n]+)(?<=\S)\1(?![\p{L}\p{N}_])/gu, '$2')
    .replaceAll('*', '');
}

/** Of an answer in channels (gpt-oss) the final one; reasoning, where there is none yet. */
function finalChannel(text: string): string {
  const final = /<\|channel\|>final(?:<\|[^|]{1,20}\|>[^<]{0,20})?<\|message\|>/g;
  const last = [...text.matchAll(final)].at(-1);
  if (last) return text.slice(last.index + last[0].length);
  if (/^\s*(?:<\|start\|>assistant)?<\|channel\|>(?:analysis|commentary)/.test(text)) return '<think>';
  // Servers that drop special tokens leave the names of the channels.
  const bare = /^analysis(?=\S)[\s\S]*?assistantfinal/.exec(text);
  return bare ? text.slice(bare[0].length) : text;
}

/** Null when the text ends within reasoning. */
function withoutReasoning(text: string): string | null {
  let rest = text;
  for (const { open, close } of reasoningBlocks) {
    rest = withoutBlocks(rest, open, close);
    // Some chat templates swallow the opening tag.
    const end = [...rest.matchAll(close)].at(-1);
    if (end) rest = rest.slice(end.index + end[0].length);
    if (rest.trimStart().search(open) === 0) return null;
  }
  return rest;
}

function withoutBlocks(text: string, open: RegExp, close: RegExp): string {
  let rest = '';
  let at = 0;
  for (;;) {
    const begin = firstFrom(text, open, at);
    const end = begin && firstFrom(text, close, begin.index);
    if (!end) return rest + text.slice(at);
    rest += text.slice(at, begin.index);
    at = end.index + end[0].length;
  }
}

function firstFrom(text: string, pattern: RegExp, index: number): RegExpExecArray | null {
  const search = new RegExp(pattern);
  search.lastIndex = index;
  return search.exec(text);
}

function withoutLeadingTokens(text: string): string {
  let rest = text.trim();
  for (let found = leadingToken.exec(rest); found; found = leadingToken.exec(rest))
    rest = rest.slice(found[0].length);
  return rest;
}

function withoutTokens(text: string): string {
  let rest = withoutLeadingTokens(text);
  for (let found = trailingToken.exec(rest); found; found = trailingToken.exec(rest))
    rest = rest.slice(0, found.index);
  return rest === '' ? text : rest;
}

function withoutNextTurn(text: string): string {
  const own = withoutLeadingTokens(text);
  const end = own.search(nextTurn);
  return end > 0 ? own.slice(0, end) : own;
}

function withoutFence(text: string): string {
  const match = /^```[\w-]*[ \t]*\n([\s\S]*?)\n?```$/.exec(text);
  const inner = match?.[1];
  return inner === undefined || inner.includes('```') ? text : inner;
}

/** The text of an object that has one such key, or of an array of one text. */
function withoutJson(text: string): string {
  if (!/^(?:\{[\s\S]*\}|\[[\s\S]*\])$/.test(text)) return text;
  const value = parseJson(text);
  if (Array.isArray(value))
    return value.length === 1 && typeof value[0] === 'string' ? withoutHidden(value[0]) : text;
  if (typeof value !== 'object' || value === null) return text;
  const texts = Object.entries(value).filter(
    ([key, inner]) => wrapperKey.test(key) && typeof inner === 'string' && inner.trim() !== '',
  );
  return texts.length === 1 ? withoutHidden(String(texts[0]?.[1])) : text;
}

function withoutTags(text: string): string {
  const inner = wrapped.exec(text)?.[2] ?? text.replace(openedOnly, '').replace(closedOnly, '');
  return inner.trim() === '' ? text : inner;
}

function withoutPreface(text: string): string {
  for (const preface of prefaces) {
    const rest = text.replace(preface, '').trim();
    if (rest !== '' && rest !== text) return rest;
  }
  return text;
}

function withoutQuotes(text: string): string {
  for (const [open, close] of quotePairs) {
    if (text.length < 3 || !text.startsWith(open) || !text.endsWith(close)) continue;
    const inner = text.slice(1, -1);
    if (!inner.includes(open) && !inner.includes(close)) return inner.trim();
  }
  return text;
}
