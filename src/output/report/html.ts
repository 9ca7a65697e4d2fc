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
 * Text in which nothing hides: control characters and the marks that reorder a line (U+202A to U+202E,
 * U+2066 to U+2069) become `⟨U+202E⟩`, lone surrogates U+FFFD. Tabs, line breaks, joiners and the plain
 * direction marks, which real languages need, stay.
 */
export function visibleText(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\u061c\u202a-\u202e\u2066-\u2069\u2028\u2029]/gu, (character) =>
      /[\t\n\r]/.test(character) ? character : named(character),
    );
}

/**
 * JSON that may stand inside a `<script>` block: no `<`, so no end tag and no comment can start, and no line
 * separators that older parsers end a line at. Lone surrogates and NUL are escaped by JSON itself.
 */
export function scriptJson(value: unknown): Html {
  return { markup: JSON.stringify(value).replace(/[<>\u2028\u2029]/g, unicodeEscape) };
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
