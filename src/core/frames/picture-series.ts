import type { Fraction } from './fraction.ts';

/** How numbered pictures of one folder are called: `frame_%06d.png`. */
export interface PicturePattern {
  /** Absolute path. */
  readonly folder: string;
  /** Before the number. */
  readonly prefix: string;
  /** The number has at least so many digits, with zeros in front; 1: none are put there. */
  readonly digits: number;
  /** After the number: `.png`. */
  readonly ending: string;
}

/** Numbered pictures that are shown one after the other. */
export interface PictureSeries {
  readonly pattern: PicturePattern;
  /** Ascending. */
  readonly numbers: readonly number[];
  /** Pictures a second. */
  readonly frameRate: Fraction;
}

/** Runs of numbers: the first one, and how many follow each other. */
export type NumberRuns = readonly (readonly [first: number, count: number])[];

/** Pictures a second where nothing is said. */
export const usualFrameRate = '24';

const numberToken = /%0?(\d{0,2})d/;
const pictureEnding = /\.(png|jpe?g|webp|tiff?|bmp)$/i;

/** Whether a path is called like a pattern: the name of a picture has `%d` or `%06d` for a number. */
export function isPicturePattern(path: string): boolean {
  return parsePicturePattern(path) !== null;
}

/** A path such as `/frames/frame_%06d.png`, in whose last part `%%` means `%`; null where it is none. */
export function parsePicturePattern(path: string): PicturePattern | null {
  const slash = path.lastIndexOf('/');
  const name = path.slice(slash + 1);
  if (!pictureEnding.test(name)) return null;
  // A doubled sign is no beginning of a number.
  const parts = name.split('%%').join('\0').split(numberToken);
  const [prefix, digits, ending] = parts;
  if (parts.length !== 3 || prefix === undefined || ending === undefined) return null;
  const literal = (text: string) => text.replaceAll('\0', '%');
  return {
    folder: path.slice(0, Math.max(0, slash)) || '/',
    prefix: literal(prefix),
    digits: Math.max(1, Number(digits)),
    ending: literal(ending),
  };
}

/** The pattern as it is typed. */
export function patternPath(pattern: PicturePattern): string {
  const { folder, prefix, digits, ending } = pattern;
  const doubled = (text: string) => text.replaceAll('%', '%%');
  const number = digits > 1 ? `%0${digits}d` : '%d';
  return `${folder === '/' ? '' : folder}/${doubled(prefix)}${number}${doubled(ending)}`;
}

/** What the picture with this number is called in its folder. */
export function numberedName({ prefix, digits, ending }: PicturePattern, number: number): string {
  return `${prefix}${String(number).padStart(digits, '0')}${ending}`;
}

/** Path of the picture with this number. */
export function numberedPath(pattern: PicturePattern, number: number): string {
  return `${pattern.folder === '/' ? '' : pattern.folder}/${numberedName(pattern, number)}`;
}

/** The number in the name of a picture; null for a name of another kind. */
export function numberIn(pattern: PicturePattern, name: string): number | null {
  const { prefix, ending } = pattern;
  if (!name.startsWith(prefix) || !name.endsWith(ending)) return null;
  const digits = name.slice(prefix.length, name.length - ending.length);
  if (!/^\d{1,15}$/.test(digits)) return null;
  const number = Number(digits);
  return numberedName(pattern, number) === name ? number : null;
}

/** The numbers of these pictures among the names of their folder, ascending. */
export function numbersAmong(pattern: PicturePattern, names: Iterable<string>): number[] {
  const numbers: number[] = [];
  for (const name of names) {
    const number = numberIn(pattern, name);
    if (number !== null) numbers.push(number);
  }
  return numbers.sort((one, other) => one - other);
}

/** The one pattern that all of these names are of; null where there is none, or a single name. */
export function patternOf(folder: string, names: readonly string[]): PicturePattern | null {
  const [first, second] = names;
  const found = first === undefined ? null : partsOf(first);
  if (found === null || second === undefined) return null;
  const { prefix, ending } = found;
  let digits = found.number.length;
  let hasZero = false;
  for (const name of names) {
    const parts = partsOf(name);
    if (parts === null || parts.prefix !== prefix || parts.ending !== ending) return null;
    digits = Math.min(digits, parts.number.length);
    hasZero ||= parts.number.length > 1 && parts.number.startsWith('0');
  }
  const pattern = { folder, prefix, digits: hasZero ? digits : 1, ending };
  return names.every((name) => numberIn(pattern, name) !== null) ? pattern : null;
}

/** A name around the last number before its ending. */
function partsOf(name: string) {
  const at = pictureEnding.exec(name)?.index;
  if (at === undefined) return null;
  const [, prefix, number, rest] = /^(.*?)(\d+)(\D*)$/s.exec(name.slice(0, at)) ?? [];
  if (prefix === undefined || number === undefined || rest === undefined) return null;
  return { prefix, number, ending: `${rest}${name.slice(at)}` };
}

/** Numbers as runs: an unbroken series takes one, however long it is. */
export function runsOf(numbers: Iterable<number>): NumberRuns {
  const runs: [number, number][] = [];
  for (const number of numbers) {
    const last = runs.at(-1);
    if (last && last[0] + last[1] === number) last[1] += 1;
    else runs.push([number, 1]);
  }
  return runs;
}

export function numbersOf(runs: NumberRuns): number[] {
  return runs.flatMap(([first, count]) => Array.from({ length: count }, (_, index) => first + index));
}

const gapsNamed = 3;

/** Which numbers are missing between the first and the last: `7, 12 to 19 and 2 more gaps`; null where none is. */
export function missingText(numbers: readonly number[]): string | null {
  const runs = runsOf(numbers);
  const gaps = runs.slice(1).map(([next], index) => {
    const [first, count] = runs[index] ?? [0, 0];
    const from = first + count;
    return next - from === 1 ? `${from}` : `${from} to ${next - 1}`;
  });
  if (gaps.length === 0) return null;
  const more = gaps.length - gapsNamed;
  return `${gaps.slice(0, gapsNamed).join(', ')}${more > 0 ? ` and ${more} more gaps` : ''}`;
}

/** Rates of television, by what they are usually written as. */
const television: Readonly<Record<string, Fraction>> = {
  '23.976': { numerator: 24_000, denominator: 1001 },
  '23.98': { numerator: 24_000, denominator: 1001 },
  '29.97': { numerator: 30_000, denominator: 1001 },
  '47.952': { numerator: 48_000, denominator: 1001 },
  '59.94': { numerator: 60_000, denominator: 1001 },
  '119.88': { numerator: 120_000, denominator: 1001 },
};

/** Reads `24`, `23.976` or `30000/1001`; null for anything that is no number of pictures a second up to 1000. */
export function parseFrameRate(text: string): Fraction | null {
  const known = Object.hasOwn(television, text) ? television[text] : undefined;
  if (known) return known;
  const [, whole, decimals = '', divisor = '1'] = /^(\d{1,7})(?:\.(\d{1,3})|\/(\d{1,5}))?$/.exec(text) ?? [];
  if (whole === undefined) return null;
  const denominator = Number(divisor) * 10 ** decimals.length;
  const numerator = Number(`${whole}${decimals}`);
  const rate = numerator / denominator;
  return rate >= 0.01 && rate <= 1000 ? { numerator, denominator } : null;
}
