import { type ParsedSpec, parseSpec } from './parse-spec.ts';

/** A larger file is no PromptSpec, in bytes. */
export const maxSpecBytes = 16 * 1024 * 1024;

/** A spec's file understood, with its text, or why not. */
type ParsedSpecFile =
  | (Extract<ParsedSpec, { isValid: true }> & { readonly text: string })
  | Extract<ParsedSpec, { isValid: false }>;

const newline = 0x0a;

/** Reads the bytes of a file as a PromptSpec. What is not UTF-8 is refused, not mended: mending loses text. */
export function parseSpecFile(bytes: Uint8Array): ParsedSpecFile {
  const text = decode(bytes);
  if (text === null)
    return { isValid: false, line: lineOfFault(bytes), reason: 'the file is not UTF-8 text' };
  const parsed = parseSpec(text);
  return parsed.isValid ? { ...parsed, text } : parsed;
}

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Mending replaces the first fault by a character of three bytes: from there on, or in its middle, bytes differ. */
function lineOfFault(bytes: Uint8Array): number {
  const mended = new TextEncoder().encode(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
  const fault = bytes.findIndex((byte, at) => byte !== mended[at]);
  return 1 + bytes.subarray(0, fault).filter((byte) => byte === newline).length;
}
