import { printableJson, withoutHidden } from '../../core/printable.ts';

/** Markup that may be put into a page as it is: made by {@link html} or {@link trusted}, never from a spec. */
export interface Html {
  readonly markup: string;
}

type Part = Html | string | number | null | readonly Html[];

/** A template whose holes are escaped: strings and numbers become text, `null` nothing, {@link Html} stays. */
export function html(literals: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let markup = literals[0] ?? '';
  parts.forEach((part, index) => {
    markup += markupOf(part) + (literals[index + 1] ?? '');
  });
  return { markup };
}

/** Marks text of the program itself, such as its style sheet, as markup. */
export function trusted(markup: string): Html {
  return { markup };
}

/** Text as HTML shows it, in element content and in quoted attributes; control characters become visible. */
export function escapeHtml(text: string): string {
  return visibleText(text).replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/**
 * Text in which nothing hides: controls, marks that reorder a line and characters without width become `⟨U+202E⟩`, lone
 * surrogates U+FFFD. Tabs and line breaks stay, and joiners where a script or a picture needs them.
 */
export function visibleText(text: string): string {
  return withoutHidden(text.toWellFormed(), named);
}

/**
 * JSON that may stand inside a `<script>` block: no `<`, so no end tag and no comment can start, and nothing hidden, as line
 * separators are that older parsers end a line at.
 */
export function scriptJson(value: unknown): Html {
  return { markup: printableJson(value).replace(/[<>]/g, unicodeEscape) };
}

/** Bytes as a data block or a `data:` URL holds them. */
export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function markupOf(part: Part): string {
  if (part === null) return '';
  if (typeof part === 'string') return escapeHtml(part);
  if (typeof part === 'number') return String(part);
  if ('markup' in part) return part.markup;
  return part.map(({ markup }) => markup).join('');
}

function unicodeEscape(character: string): string {
  return `\\u${hexCode(character)}`;
}

function named(character: string): string {
  return `\u27e8U+${hexCode(character).toUpperCase()}\u27e9`;
}

function hexCode(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).padStart(4, '0');
}
