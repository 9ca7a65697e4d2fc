/** Removals wrap one another (a fence around a quoted text behind a preface); more layers are no model's habit. */
const maxLayers = 4;

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

/**
 * The enriched prompt out of a chatty answer: without reasoning blocks, a fence or quotes around the whole text,
 * or a sentence that announces it. Conservative: what is not clearly wrapping stays, and a wrapping around
 * nothing stays too. Reasoning is the exception: an answer that never came out of it is empty.
 */
export function tidyAnswer(text: string): string {
  let tidy = withoutReasoning(text).trim();
  for (let layer = 0; layer < maxLayers; layer += 1) {
    const inner = withoutQuotes(withoutPreface(withoutFence(tidy)));
    if (inner === tidy || inner === '') break;
    tidy = inner;
  }
  return tidy;
}

function withoutReasoning(text: string): string {
  const closed = text.replaceAll(/<think(?:ing)?>[\s\S]*?<\/think(?:ing)?>/gi, '');
  // Some chat templates swallow the opening tag; an unclosed block means that the answer never began.
  const lastEnd = Math.max(endOfLast(closed, '</think>'), endOfLast(closed, '</thinking>'));
  return closed.slice(lastEnd).replace(/^\s*<think(?:ing)?>[\s\S]*$/i, '');
}

function endOfLast(text: string, tag: string): number {
  const index = text.toLowerCase().lastIndexOf(tag);
  return index === -1 ? 0 : index + tag.length;
}

function withoutFence(text: string): string {
  const match = /^```[\w-]*[ \t]*\n([\s\S]*?)\n?```$/.exec(text);
  const inner = match?.[1];
  return inner === undefined || inner.includes('```') ? text : inner.trim();
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
