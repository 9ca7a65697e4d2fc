import { hash } from 'node:crypto';

interface SpecIdentity {
  readonly prompt: string;
  readonly videoPath: string;
  readonly controlInputs: Readonly<Record<string, string | null>>;
}

/**
 * Id of a PromptSpec by the original rule: `ps_` and the first 12 hex digits of
 * sha256(`prompt|video_path|sorted(control_inputs.items())`), the last part as Python writes a list of pairs.
 */
export function specIdOf(identity: SpecIdentity): string {
  const text = `${identity.prompt}|${identity.videoPath}|${pythonPairs(identity.controlInputs)}`;
  return `ps_${hash('sha256', text, 'hex').slice(0, 12)}`;
}

function pythonPairs(controlInputs: Readonly<Record<string, string | null>>): string {
  const pairs = Object.entries(controlInputs)
    .sort(([a], [b]) => compareCodePoints(a, b))
    .map(([key, value]) => `(${pythonRepr(key)}, ${value === null ? 'None' : pythonRepr(value)})`);
  return `[${pairs.join(', ')}]`;
}

/** Python compares strings by code point, JavaScript by UTF-16 unit. */
function compareCodePoints(a: string, b: string): number {
  const left = Array.from(a, (character) => character.codePointAt(0) ?? 0);
  const right = Array.from(b, (character) => character.codePointAt(0) ?? 0);
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

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
