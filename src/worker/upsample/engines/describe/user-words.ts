/** What a prompt says itself, so that measured words do not deny it. Only English words are known. */
export interface PromptClaims {
  /** It speaks of the camera, which is then its own business. */
  readonly isAboutCamera: boolean;
  /** It says how light the scene is; null when it says nothing, or both. */
  readonly light: 'bright' | 'dark' | null;
  /** It says that something moves, or that nothing does; null when it says neither, or both. */
  readonly motion: 'moving' | 'static' | null;
  readonly isMonochrome: boolean;
  readonly spelling: 'american' | 'british';
}

const cameraWords =
  /\b(camera|tripod|hand-?held|dolly|pan|pans|panning|tilt(s|ing)?|zoom\w*|tracking|steadicam|gimbal|drone|aerial|pov|first-person|dash-?cam|locked-off|(static|fixed|crane|following) shot|fly-?(through|over)|orbit(s|ing)?|time-?lapse)\b/i;

const brightWords =
  /\b(bright\w*|sun|sunny|sunlit|sunlight|sunshine|daylight|day|daytime|noon|midday|dazzling|blazing|glaring|brilliant|white-?out|well-lit|high-key|snowy)\b/i;

const darkWords =
  /\b(dark\w*|night\w*|midnight|nocturnal|moonlit|moonlight|dim|dimly|candle-?lit|shadowy|gloom\w*|unlit|low-key|pitch[- ]black|noir|starlit|starry)\b/i;

const movingWords =
  /\b(fast|quick\w*|rapid\w*|rac(e|es|ing)|run|runs|running|rush\w*|sprint\w*|speed\w*|explo(de|des|ding|sion)\w*|danc\w+|jump\w*|fl(y|ies|ying)|chas(e|es|ing)|crash\w*|walk\w*|driv(e|es|ing)|pass(es|ing)|turn(s|ing)|mov(e|es|ing)|flow(s|ing)|pour(s|ing)|fall(s|ing)|spin\w*|swing\w*|roll(s|ing)|rid(e|es|ing)|swim\w*|sort(s|ing)|rain(s|ing)?)\b/i;

const staticWords =
  /\b(static|motionless|frozen|unmoving|stationary|still life|one still|a still|freeze-frame)\b/i;

const britishWords =
  /\b(\w*colour\w*|grey\w*|centre\w*|harbour\w*|neighbour\w*|theatre\w*|metres?|kilometres?|favour\w*|armour\w*|vapour\w*|odours?|parlours?|fibres?|tyres?|kerbs?|aluminium|plough\w*|travell(ed|er|ing)\w*|jewellery|cosy|storeys?|mould\w*|catalogue\w*|organis\w*|recognis\w*|realis(e|ed|es|ing)\b)/i;

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

/** Reads the words of a prompt that measured ones could contradict. */
export function claimsOf(prompt: string): PromptClaims {
  return {
    isAboutCamera: cameraWords.test(prompt),
    light: oneOf(brightWords.test(prompt), 'bright', darkWords.test(prompt), 'dark'),
    motion: oneOf(movingWords.test(prompt), 'moving', staticWords.test(prompt), 'static'),
    isMonochrome: /\b(black[- ]and[- ]white|monochrom\w*|gr[ae]yscale|b&w)/i.test(prompt),
    spelling: britishWords.test(prompt) ? 'british' : 'american',
  };
}

function oneOf<One, Other>(isOne: boolean, one: One, isOther: boolean, other: Other): One | Other | null {
  if (isOne === isOther) return null;
  return isOne ? one : other;
}
