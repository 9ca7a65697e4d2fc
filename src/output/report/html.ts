import { visibleText } from './page/visible-text.ts';

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
 * JSON that may stand inside a `<script>` block: no `<`, so no end tag and no comment can start, and no line
 * separators that older parsers end a line at. Lone surrogates and NUL are escaped by JSON itself.
 */
export function scriptJson(value: unknown): Html {
  return { markup: JSON.stringify(value).replace(/[<>\u2028\u2029]/g, unicodeEscape) };
}

function markupOf(part: Part): string {
  if (part === null) return '';
  if (typeof part === 'string') return escapeHtml(part);
  if (typeof part === 'number') return String(part);
  if ('markup' in part) return part.markup;
  return part.map(({ markup }) => markup).join('');
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
