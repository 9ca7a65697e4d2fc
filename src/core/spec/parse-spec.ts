import { onOneLine } from '../printable.ts';
import { type PromptSpec, promptSpecSchema } from './prompt-spec.ts';

/** The JSON object of a spec's file, with every key and every number as written. */
export type SpecDocument = Readonly<Record<string, unknown>>;

/** A spec's file understood, with its text, or why not. `line` counts from 1; null where no single line is at fault. */
export type ParsedSpec =
  | {
      readonly isValid: true;
      readonly spec: PromptSpec;
      /** Read from the text when it is asked for: most readers of a spec do not ask. */
      readonly document: SpecDocument;
      readonly text: string;
    }
  | {
      readonly isValid: false;
      readonly line: number | null;
      readonly reason: string;
      /** Where there is a better one than for any file that is none. */
      readonly nextStep?: string;
      /** The file says how a prompt is run. */
      readonly isRunSpec?: true;
    };

/** `JSON.rawJSON` of ECMAScript 2026, which Node has and TypeScript's library does not list yet. */
const jsonWithSources = JSON as JSON & { rawJSON(source: string): unknown };

/** Reads the text of a file as a PromptSpec. Never throws. */
export function parseSpec(text: string): ParsedSpec {
  const source = text.startsWith('\uFEFF') ? text.slice(1) : text;
  if (source.trim() === '') return invalid(null, 'the file is empty');
  let plain: unknown;
  try {
    // A number kept as written is an object: the schema must not take it for one of the file's.
    plain = JSON.parse(source);
    // What is nested too deeply fails now, and not when the document is asked for.
    if (source.length > shallowLength) JSON.parse(source, keepNumbersAsWritten);
  } catch (error) {
    return invalidJson(source, error);
  }
  if (typeof plain !== 'object' || plain === null || Array.isArray(plain)) {
    return invalid(1, 'not a PromptSpec: the file holds no JSON object');
  }
  const parsed = promptSpecSchema.safeParse(plain);
  if (!parsed.success && isRunSpec(plain)) return runSpec(plain);
  if (parsed.success) {
    const { data: spec } = parsed;
    return {
      ...{ isValid: true, spec, text },
      get document() {
        return JSON.parse(source, mayHaveNumbers.test(source) ? keepNumbersAsWritten : undefined);
      },
    };
  }
  const issue = parsed.error.issues[0];
  const key = String(issue?.path[0] ?? '');
  return invalid(lineOfKey(source, key), `not a PromptSpec: ${describeIssue(plain, key, issue?.message)}`);
}

/** What the original tools write beside PromptSpecs: how the world model is run with one of them. */
export function isRunSpec(document: object): document is { readonly prompt_id?: unknown } {
  const { id, prompt_id: promptId }: { id?: unknown; prompt_id?: unknown } = document;
  const isNamedSo = typeof id === 'string' && /^rs[_:]/.test(id);
  const hasItsFields = ['control_weights', 'parameters', 'execution_status'].some((key) => key in document);
  return !('prompt' in document) && (isNamedSo || (typeof promptId === 'string' && hasItsFields));
}

function runSpec({ prompt_id: promptId }: { readonly prompt_id?: unknown }): ParsedSpec {
  const whose = typeof promptId === 'string' ? ` of ${onOneLine(promptId).slice(0, 80)}` : '';
  return {
    ...invalid(null, `a RunSpec${whose}, not a PromptSpec: it says how a prompt is run, but holds none`),
    isRunSpec: true,
    nextStep:
      'There is nothing to enrich in it: move RunSpecs to a folder of their own, or give only the folders of PromptSpecs.',
  };
}

/** The text of a spec's file for a document: indented as the originals are, with a newline at the end. */
export function formatSpec(document: SpecDocument): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** No text of so many characters is nested too deeply. */
const shallowLength = 4096;

/** A number may stand here, or a text that looks like one. */
const mayHaveNumbers = /[:[,]\s*-?\d/;

/** Seeds of 64 bits and numbers like `1.0` would not survive a round trip through a double. */
function keepNumbersAsWritten(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || context?.source === undefined) return value;
  return String(value) === context.source ? value : jsonWithSources.rawJSON(context.source);
}

function invalid(line: number | null, reason: string): Extract<ParsedSpec, { isValid: false }> {
  return { isValid: false, line, reason };
}

function invalidJson(source: string, error: unknown): ParsedSpec {
  if (error instanceof RangeError) return invalid(null, 'not a PromptSpec: it is nested too deeply');
  const message = error instanceof Error ? error.message : String(error);
  const position = /at position (\d+)/.exec(message)?.[1];
  const end = position === undefined ? source.length : Number(position);
  const reason = message.replace(/\s*\(line \d+ column \d+\)/, '').replace(/ at position \d+/, '');
  return invalid(lineAt(source, end), `not valid JSON: ${shorten(reason)}`);
}

function describeIssue(document: object, key: string, message = 'has the wrong shape'): string {
  if (!Object.hasOwn(document, key)) return `"${key}" is missing`;
  return `"${key}" ${message.replace(/^Invalid input: expected/, 'must be')}`;
}

function lineAt(source: string, position: number): number {
  return source.slice(0, position).split('\n').length;
}

function lineOfKey(source: string, key: string): number | null {
  const position = key === '' ? -1 : source.indexOf(JSON.stringify(key));
  return position < 0 ? null : lineAt(source, position);
}

/** V8 quotes the text around the fault; a hostile file must not fill the screen with it. */
function shorten(reason: string): string {
  const line = onOneLine(reason);
  return line.length > 160 ? `${line.slice(0, 157)}...` : line;
}

/** A larger file is no PromptSpec, in bytes. */
export const maxSpecBytes = 16 * 1024 * 1024;

const newline = 0x0a;

/** Reads the bytes of a file as a PromptSpec. What is not UTF-8 is refused, not repaired: repairing loses text. */
export function parseSpecFile(bytes: Uint8Array): ParsedSpec {
  const text = decode(bytes);
  if (text === null)
    return { isValid: false, line: lineOfFault(bytes), reason: 'the file is not UTF-8 text' };
  return parseSpec(text);
}

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Repairing replaces the first fault by a character of three bytes: from there on, or in its middle, bytes differ. */
function lineOfFault(bytes: Uint8Array): number {
  const repaired = new TextEncoder().encode(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
  const fault = bytes.findIndex((byte, at) => byte !== repaired[at]);
  return 1 + bytes.subarray(0, fault).filter((byte) => byte === newline).length;
}
