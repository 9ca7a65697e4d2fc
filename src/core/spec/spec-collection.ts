import { maxSpecBytes, type ParsedSpec, parseSpecFile } from './parse-spec.ts';

/** Several specs in one file: each line of a JSONL file, or each element of a JSON array. */
export interface SpecCollection {
  readonly bytes: Uint8Array;
  /**
   * Where each element begins and ends, in bytes, the first one being number 1. Of JSONL every line has a number; those that
   * are blank hold no spec, and end where they begin. Only numbers, because there may be a million.
   */
  readonly begins: readonly number[];
  readonly ends: readonly number[];
  /** On which line each element of an array begins; null for JSONL, where that is its number. */
  readonly lines: readonly number[] | null;
  /** Specs that it holds. */
  readonly count: number;
}

type Places = Pick<SpecCollection, 'begins' | 'ends'>;

/** A larger JSONL file is not read, in bytes. */
export const maxLinesBytes = 512 * 1024 * 1024;

const [tab, newline, carriageReturn, space] = [0x09, 0x0a, 0x0d, 0x20];
const [quote, comma, backslash] = [0x22, 0x2c, 0x5c];
const [openBracket, closeBracket, openBrace, closeBrace] = [0x5b, 0x5d, 0x7b, 0x7d];
const byteOrderMark = [0xef, 0xbb, 0xbf];

/** Whether a file's name says that each of its lines is a spec. */
export function isLinesFile(path: string): boolean {
  return path.toLowerCase().endsWith('.jsonl');
}

/** Whether a file holds a JSON array, and not one spec. */
export function isArrayFile(bytes: Uint8Array): boolean {
  return bytes[firstOf(bytes)] === openBracket;
}

/** The specs of a file that holds several. @param path - Its name decides what they are. */
export function collectionIn(bytes: Uint8Array, path: string): SpecCollection {
  const isLines = isLinesFile(path);
  const { begins, ends } = isLines ? linesOf(bytes) : elementsOf(bytes);
  const blank = begins.reduce((sum, begin, index) => (begin === ends[index] ? sum + 1 : sum), 0);
  const lines = isLines ? null : lineNumbers(bytes, begins);
  return { bytes, begins, ends, lines, count: begins.length - blank };
}

/** The numbers of the specs that a collection holds, in order. */
export function* numbersIn({ begins, ends }: Places): Generator<number> {
  for (const [index, begin] of begins.entries()) if (begin !== ends[index]) yield index + 1;
}

/** The bytes of one element; null where there is none of this number. */
export function elementBytes({ bytes, begins, ends }: SpecCollection, number: number): Uint8Array | null {
  const [begin, end] = [begins[number - 1], ends[number - 1]];
  return begin === undefined || end === undefined || begin === end ? null : bytes.subarray(begin, end);
}

/** Reads one element as a PromptSpec. What is wrong with it is told with its line in the file. */
export function parseElement(collection: SpecCollection, number: number): ParsedSpec {
  const bytes = elementBytes(collection, number) ?? new Uint8Array();
  const parsed: ParsedSpec =
    bytes.length > maxSpecBytes
      ? { isValid: false, line: null, reason: `larger than ${maxSpecBytes / 1024 / 1024} MiB` }
      : parseSpecFile(bytes);
  if (parsed.isValid) return parsed;
  const firstLine = collection.lines ? (collection.lines[number - 1] ?? 1) : number;
  return { ...parsed, line: firstLine + (parsed.line ?? 1) - 1 };
}

/** @param begins - In rising order. */
function lineNumbers(bytes: Uint8Array, begins: readonly number[]): number[] {
  let line = 1;
  let next = bytes.indexOf(newline);
  return begins.map((begin) => {
    for (; next >= 0 && next < begin; next = bytes.indexOf(newline, next + 1)) line += 1;
    return line;
  });
}

function linesOf(bytes: Uint8Array): Places {
  const [begins, ends]: [number[], number[]] = [[], []];
  for (let at = firstOf(bytes, 0); at < bytes.length; ) {
    const found = bytes.indexOf(newline, at);
    const end = found < 0 ? bytes.length : found;
    addElement(bytes, at, end, begins, ends);
    at = end + 1;
  }
  return { begins, ends };
}

/** Elements are told apart by brackets and commas alone, so that a broken one is no end of the others. */
function elementsOf(bytes: Uint8Array): Places {
  const [begins, ends]: [number[], number[]] = [[], []];
  let begin = firstOf(bytes) + 1;
  let depth = 0;
  let at = begin;
  for (; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === quote) at = endOfText(bytes, at);
    else if (byte === openBrace || byte === openBracket) depth += 1;
    else if (byte === closeBracket && depth === 0) break;
    else if (byte === closeBrace || byte === closeBracket) depth -= 1;
    else if (byte === comma && depth === 0) {
      addElement(bytes, begin, at, begins, ends);
      begin = at + 1;
    }
  }
  const isLastOne = firstSolid(bytes, begin, at) < at;
  if (isLastOne) addElement(bytes, begin, at, begins, ends);
  return { begins, ends };
}

/** Without the white space around it. */
function addElement(bytes: Uint8Array, from: number, to: number, begins: number[], ends: number[]): void {
  const begin = firstSolid(bytes, from, to);
  let end = to;
  while (end > begin && isWhiteSpace(bytes[end - 1])) end -= 1;
  begins.push(begin);
  ends.push(end);
}

/** Where a text that begins here ends. */
function endOfText(bytes: Uint8Array, begin: number): number {
  let at = begin + 1;
  while (at < bytes.length && bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1;
  return at;
}

/** Where a file begins, behind its byte order mark and white space. */
function firstOf(bytes: Uint8Array, end = bytes.length): number {
  const begin = byteOrderMark.every((byte, index) => bytes[index] === byte) ? byteOrderMark.length : 0;
  return firstSolid(bytes, begin, Math.max(begin, end));
}

function firstSolid(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && isWhiteSpace(bytes[at])) at += 1;
  return at;
}

function isWhiteSpace(byte: number | undefined): boolean {
  return byte === space || byte === newline || byte === carriageReturn || byte === tab;
}
