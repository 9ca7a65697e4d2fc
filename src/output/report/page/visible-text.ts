/**
 * Text in which nothing hides: control characters and the marks that reorder a line (U+202A to U+202E,
 * U+2066 to U+2069) become `⟨U+202E⟩`, lone surrogates U+FFFD. Tabs, line breaks, joiners and the plain
 * direction marks, which real languages need, stay.
 *
 * Self-contained: its source is also embedded in the page.
 */
export function visibleText(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\u061c\u202a-\u202e\u2066-\u2069\u2028\u2029]/gu, (character) =>
      /[\t\n\r]/.test(character) ? character : named(character),
    );

  function named(character: string): string {
    const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    return `\u27e8U+${code}\u27e9`;
  }
}
