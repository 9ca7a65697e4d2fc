import type { z } from 'zod';

/** The value of a JSON text, or of its UTF-8 bytes; undefined, which no JSON text means, where it is not JSON, or not UTF-8. */
export function parseJson(text: string | Uint8Array): unknown {
  try {
    return JSON.parse(
      typeof text === 'string'
        ? text
        : new TextDecoder('utf-8', { ignoreBOM: true, fatal: true }).decode(text),
    );
  } catch {
    return undefined;
  }
}

/** The value of a JSON text that is as the schema wants it; null for any other text. */
export function parseJsonAs<T>(schema: z.ZodType<T>, text: string | Uint8Array): T | null {
  const parsed = schema.safeParse(parseJson(text));
  return parsed.success ? parsed.data : null;
}

/** Values in a text from a machine that may lie: each takes many times the memory of the characters that make it. */
const mostForeignValues = 1_000_000;

/** As {@link parseJson}; undefined also for more values than anything has that machines tell each other. */
export function parseForeignJson(text: string | Uint8Array): unknown {
  return countValues(text) > mostForeignValues ? undefined : parseJson(text);
}

/** As {@link parseJsonAs}; null also for more values than anything has that machines tell each other. */
export function parseForeignJsonAs<T>(schema: z.ZodType<T>, text: string | Uint8Array): T | null {
  const parsed = schema.safeParse(parseForeignJson(text));
  return parsed.success ? parsed.data : null;
}

/** At least as many as there are values in the text: of what stands before and between them. */
function countValues(text: string | Uint8Array): number {
  const bytes = typeof text === 'string' ? null : text;
  let count = 1;
  for (let at = 0; at < text.length; at += 1) {
    const code = bytes ? bytes[at] : (text as string).charCodeAt(at);
    // , : [ {
    if (code === 0x2c || code === 0x3a || code === 0x5b || code === 0x7b) count += 1;
  }
  return count;
}
