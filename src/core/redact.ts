const mark = '[key]';
/** Of longer ones, such as a file of credentials, no other form than their own is looked for. */
const longestEncoded = 512;
/** A beginning of a secret, at the end of a text, is hidden from this length on. */
const shortestBeginning = 8;
/** A shorter part of a text in base64 may be there by chance. */
const shortestBase64 = 8;

const names: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/**
 * Makes a function that puts `[key]` in the place of secrets: as they are, with any of their characters percent-encoded or
 * escaped as in JSON or HTML, in hexadecimal digits, and in base64 of either alphabet, also within a longer text that was
 * encoded, such as `user:password`. A text has to be redacted before it is cut, or a part of a secret stays.
 */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const known = [...new Set(secrets)].filter((secret) => secret !== '').sort((a, b) => b.length - a.length);
  if (known.length === 0) return (text) => text;
  const pattern = new RegExp(known.flatMap(formsOf).join('|'), 'g');
  return (text) => withoutBeginning(text.replaceAll(pattern, mark), known);
}

/** A text that was cut within a secret ends with the beginning of it. */
function withoutBeginning(text: string, secrets: readonly string[]): string {
  for (const secret of secrets)
    for (let length = secret.length - 1; length >= shortestBeginning; length -= 1)
      if (text.endsWith(secret.slice(0, length))) return text.slice(0, -length) + mark;
  return text;
}

/** Patterns, the one for the longest form first. */
function formsOf(secret: string): string[] {
  if (secret.length > longestEncoded) return [literal(secret)];
  const hex = Array.from(Buffer.from(secret, 'utf8').toString('hex'), anyCase).join('');
  return [hex, escapedForms(secret), ...base64Forms(secret)];
}

function escapedForms(text: string): string {
  return Array.from(text, (character) => {
    const code = character.codePointAt(0) ?? 0;
    const hex = code.toString(16);
    const percent = Array.from(Buffer.from(character, 'utf8'), (byte) => {
      const digits = byte.toString(16).padStart(2, '0');
      return `%(?:25)*${Array.from(digits, anyCase).join('')}`;
    }).join('');
    const forms = [
      percent,
      `\\\\+u0*${Array.from(hex, anyCase).join('')}`,
      `&#0*${code};?`,
      `&#[xX]0*${Array.from(hex, anyCase).join('')};?`,
      `\\\\+${literal(character)}`,
      ...(names[character] === undefined ? [] : [names[character]]),
      // Last: a sign that begins an escape of itself is more than itself.
      literal(character),
    ];
    return `(?:${forms.join('|')})`;
  }).join('');
}

/** What a secret contributes to a longer text in base64, at each place where it may begin. */
function base64Forms(secret: string): string[] {
  const bytes = Buffer.from(secret, 'utf8');
  return [0, 1, 2].flatMap((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), bytes]);
    // The first and the last character may hold bits of what stands around it.
    const own = whole
      .toString('base64')
      .slice(Math.ceil((before * 8) / 6), Math.floor((whole.length * 8) / 6));
    if (own.length < shortestBase64) return [];
    return [Array.from(own, base64Character).join('')];
  });
}

function base64Character(character: string): string {
  if (character === '+') return '(?:\\+|-|%2[bB])';
  if (character === '/') return '(?:\\\\*\\/|_|%2[fF])';
  return character;
}

function anyCase(digit: string): string {
  return /[a-f]/.test(digit) ? `[${digit}${digit.toUpperCase()}]` : digit;
}

function literal(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
