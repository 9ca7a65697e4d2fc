/**
 * The words of a command as a shell would see them, of which nothing else is understood: words are parted by spaces, and
 * what is in quotes or after a backslash is taken as it is.
 *
 * @returns null where a quote is not closed.
 */
export function commandWords(text: string): readonly string[] | null {
  const words: string[] = [];
  let word: string | null = null;
  let quote: string | null = null;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (quote === null && /\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (quote === null && (character === "'" || character === '"')) {
      quote = character;
      word ??= '';
    } else if (character === quote) quote = null;
    else {
      const isEscaped = character === '\\' && quote !== "'" && at + 1 < text.length;
      if (isEscaped) at += 1;
      word = (word ?? '') + text.charAt(at);
    }
  }
  if (quote !== null) return null;
  return word === null ? words : [...words, word];
}

/** The text that {@link commandWords} reads as these words. */
export function commandText(words: readonly string[]): string {
  const quoted = (word: string) =>
    word === '' || /[\s'"\\]/.test(word) ? `"${word.replaceAll(/["\\]/g, '\\$&')}"` : word;
  return words.map(quoted).join(' ');
}
