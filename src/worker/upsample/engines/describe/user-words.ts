/**
 * Makes a user's prompt a sentence and otherwise leaves it alone, whatever its language or content: white space
 * and control characters become single spaces, a trailing comma, colon or dash goes, a first lower-case letter is
 * raised, and a missing full stop is added in the prompt's own script.
 *
 * @returns The sentence, or an empty string for a prompt without any word.
 */
export function toSentence(prompt: string): string {
  const words = prompt
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .replace(/[\s,;:、，；：‐-―-]+$/u, '');
  if (!/[\p{L}\p{N}\p{S}\p{Extended_Pictographic}]/u.test(words)) return '';
  return endSentence(raiseFirstLetter(words));
}

/** Words as a reader counts them: runs of anything but white space. */
export function countWords(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}

/** Only scripts that start sentences with a capital; names such as `iPhone` and addresses stay as they are. */
function raiseFirstLetter(words: string): string {
  const match = /^(["'“‘«„‹(¿¡\s]*)(\p{Ll})(\S*)/u.exec(words);
  if (!match) return words;
  const [, before = '', letter = '', rest = ''] = match;
  const raised = letter.toUpperCase();
  const isSentenceCase = /[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Armenian}]/u.test(
    letter,
  );
  if (!isSentenceCase || raised.toLowerCase() !== letter || /[\p{Lu}\p{N}@/\\]/u.test(rest)) return words;
  return before + raised + words.slice(before.length + letter.length);
}

function endSentence(words: string): string {
  if (/[.!?…‽。！？｡؟۔।॥።։][\p{Pe}\p{Pf}\p{Pi}"'”’*_)\]}]*$/u.test(words)) return words;
  if (/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}][\p{Pe}\p{Pf}]*$/u.test(words))
    return `${words}。`;
  if (/[\p{Script=Devanagari}\p{Script=Bengali}]$/u.test(words)) return `${words}।`;
  return `${words}.`;
}
