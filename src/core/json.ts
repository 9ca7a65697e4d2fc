import type { z } from 'zod';

/** The value of a JSON text, or of its UTF-8 bytes; undefined, which no JSON text means, where it is not JSON. */
export function parseJson(text: string | Uint8Array): unknown {
  try {
    return JSON.parse(
      typeof text === 'string' ? text : new TextDecoder('utf-8', { ignoreBOM: true }).decode(text),
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
