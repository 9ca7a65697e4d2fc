/**
 * The text Python's `repr` gives for a string: single quotes unless the text holds a single quote and no double
 * one; backslash, line ends and everything unprintable escaped. Part of the original id rule.
 *
 * Source: CPython `Objects/unicodeobject.c`, `unicode_repr`; printable is every character outside the Unicode
 * categories "other" and "separator", and the space.
 */
export function pythonRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const body = Array.from(text, (character) => escapeCharacter(character, quote)).join('');
  return `${quote}${body}${quote}`;
}

const named: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escapeCharacter(character: string, quote: string): string {
  if (character === quote) return `\\${quote}`;
  const known = named[character];
  if (known !== undefined) return known;
  if (character === ' ' || !/[\p{C}\p{Z}]/u.test(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x100) return `\\x${hex(code, 2)}`;
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}
