/**
 * Characters that show nothing by themselves and change how other text is shown or read: controls (C0, C1), marks that turn a
 * line around, characters without width, separators of lines, tags, and halves of pairs. A selector that makes a sign an emoji,
 * or not, is none.
 */
const hidden =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|(?!\ufe0e|\ufe0f)\p{Default_Ignorable_Code_Point}|(?<!\p{Emoji})(?:\ufe0e|\ufe0f)/gu;

/** Text from outside on one line of a terminal: every hidden character becomes an escape. */
export function printable(text: string): string {
  return text.replaceAll(hidden, (character) => (character === '\n' ? '\\n' : escaped(character)));
}

/**
 * Text from outside that may have several lines, each made {@link printable}. Tabs and the end of a Windows line are
 * harmless, and common in logs.
 */
export function printableLines(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(/\r$/, '').split('\t').map(printable).join('\t'))
    .join('\n');
}

/** Text from outside on one line: each run of blanks and hidden characters becomes a single blank. */
export function onOneLine(text: string): string {
  return text.replaceAll(hidden, ' ').replaceAll(/\s+/g, ' ').trim();
}

/**
 * A text of this program's own with its colours and line breaks, as it goes to a terminal: whatever else is hidden in it came
 * from outside and becomes an escape.
 */
export function withoutStrays(text: string): string {
  return text.replaceAll(hidden, (character, index: number) => {
    const isOwn =
      character === escapeSign ? colour.test(text.slice(index, index + 9)) : ownControls.has(character);
    return isOwn ? character : escaped(character);
  });
}

const ownControls = new Set(['\t', '\n', '\r']);
const escapeSign = '\u001b';
/** What follows an escape that only colours the text after it. */
const colour = /^.\[[\d;]{0,6}m/s;

/**
 * The value as JSON that harms no terminal: what is hidden in texts is escaped as JSON allows it, and means the same.
 *
 * @param space - As of `JSON.stringify`.
 */
export function printableJson(value: unknown, space?: number): string {
  const json = JSON.stringify(value, null, space) ?? 'null';
  if (!notPlain.test(json)) return json;
  return json.replaceAll(hidden, (character) => (character === '\n' ? character : jsonEscaped(character)));
}

/** Most texts hold nothing of this, and looking for what is hidden in one takes many times as long as seeing that. */
const notPlain = /[^\x20-\x7e\t\n\r]/;

/** Scripts in which a joiner between two letters decides how they are written. */
const joined =
  '\\p{Script=Arabic}\\p{Script=Syriac}\\p{Script=Mongolian}\\p{Script=Nko}\\p{Script=Devanagari}\\p{Script=Bengali}\\p{Script=Gurmukhi}\\p{Script=Gujarati}\\p{Script=Oriya}\\p{Script=Tamil}\\p{Script=Telugu}\\p{Script=Kannada}\\p{Script=Malayalam}\\p{Script=Sinhala}\\p{Script=Khmer}\\p{Script=Myanmar}\\p{Script=Tibetan}';

const joinedLetters = new RegExp(`(?<=[${joined}]\\p{M}*)[\\u200c\\u200d](?=[${joined}])`, 'gu');
/** Pictures that are shown as one, such as a woman and a rocket. */
const joinedPictures =
  /(?<=\p{Extended_Pictographic}[\ufe0f\u{1f3fb}-\u{1f3ff}]?)\u200d(?=\p{Extended_Pictographic})/gu;
/** Signs of Arabic and Indic numbers count as controls, and are seen. */
const seen = /[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}]/u;

/**
 * Text without hidden characters. Tabs and line breaks stay, and joiners where a script or a picture needs them.
 *
 * @param show - What is put in the place of a hidden character; left out: nothing.
 */
export function withoutHidden(text: string, show: (character: string) => string = () => ''): string {
  if (!notPlain.test(text)) return text;
  const kept = new Set<number>();
  if (/[\u200c\u200d]/.test(text))
    for (const pattern of [joinedLetters, joinedPictures])
      for (const { index } of text.matchAll(pattern)) kept.add(index);
  return text.replaceAll(hidden, (character, index: number) =>
    /[\t\n\r]/.test(character) || kept.has(index) || seen.test(character) ? character : show(character),
  );
}

function escaped(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16);
  return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`;
}

function jsonEscaped(character: string): string {
  return Array.from(
    { length: character.length },
    (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
  ).join('');
}
