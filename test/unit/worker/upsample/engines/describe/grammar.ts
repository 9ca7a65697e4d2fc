/** What is wrong with an English text, as far as a machine can tell; empty for a good one. */
export function grammarFaults(text: string): string[] {
  return rules.filter(([, isBroken]) => isBroken(text)).map(([rule]) => rule);
}

/** The sentences of the measured part; its only full stops end sentences. */
export function sentencesOf(text: string): string[] {
  return text.split(/(?<=\.) /);
}

const rules: ReadonlyArray<readonly [rule: string, isBroken: (text: string) => boolean]> = [
  ['starts with a capital', (text) => sentencesOf(text).some((sentence) => !/^[A-Z]/.test(sentence))],
  ['ends with one full stop', (text) => !/[^.]\.$/.test(text)],
  ['no double or outer spaces', (text) => / {2}|^\s|\s$/.test(text)],
  ['no space before punctuation', (text) => / [.,;:]/.test(text)],
  ['a space after punctuation', (text) => /[.,;:][^ ]/.test(text)],
  ['no doubled punctuation', (text) => /[.,;:]{2}/.test(text)],
  ['no word twice in a row', (text) => /\b(\w+) \1\b/i.test(text)],
  ['a before consonants', (text) => /\ban [^aeiou]/i.test(text)],
  ['an before vowels', (text) => /\ba [aeio]/i.test(text) || /\ba (un[^i]|up)/i.test(text)],
  ['no open slot or choice', (text) => /[[\]<>|{}]|undefined|null|NaN/.test(text)],
  ['no sentence twice', (text) => new Set(sentencesOf(text)).size !== sentencesOf(text).length],
  ['plain letters only', (text) => /[^A-Za-z ,.'-]/.test(text)],
  [
    'never speaks of itself',
    (text) => /\b(this (image|video)|the (image|video) shows|we see|I )/i.test(text),
  ],
];
