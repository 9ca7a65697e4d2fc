import { createHash } from 'node:crypto';
import { z } from 'zod';
import { jpegSize } from './jpeg-size.ts';

const partSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('image_url'), image_url: z.object({ url: z.string() }) }),
]);

const requestSchema = z.looseObject({
  model: z.string(),
  messages: z
    .array(z.object({ role: z.string(), content: z.union([z.string(), z.array(partSchema)]) }))
    .min(1),
  max_tokens: z.int().min(1),
  temperature: z.number(),
  seed: z.int().optional(),
  response_format: z.looseObject({ type: z.string() }).optional(),
});

const responseFormatSchema = z.object({
  type: z.literal('json_schema'),
  json_schema: z.object({ name: z.string(), strict: z.literal(true), schema: z.looseObject({}) }),
});

/** A chat request as the stand-in understood it. */
export interface ChatAsk {
  readonly model: string;
  readonly text: string;
  readonly imageSizes: readonly { width: number; height: number }[];
  /** Kinds of parts in order, such as `image image text`. */
  readonly shape: string;
  readonly maxTokens: number;
  readonly temperature: number;
  readonly seed: number | null;
  /** Who said each message, in order. */
  readonly roles: readonly string[];
  /** The schema that the answer is to have; null for any text. */
  readonly responseSchema: object | null;
  /** All of the request but its messages. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** The same for the same text and images. */
  readonly contentKey: string;
}

/** Reads a request's body. Throws when it is none, or when an image is no whole JPEG. */
export function readChatAsk(body: string): ChatAsk {
  const request = requestSchema.parse(JSON.parse(body));
  const { messages, ...parameters } = request;
  const parts = messages.flatMap(({ content }) =>
    typeof content === 'string' ? [{ type: 'text' as const, text: content }] : content,
  );
  const images = parts.flatMap((part) => (part.type === 'image_url' ? [decode(part.image_url.url)] : []));
  const text = parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
  const hash = createHash('sha256').update(text);
  for (const image of images) hash.update('|').update(image);
  return {
    model: request.model,
    text,
    imageSizes: images.map(jpegSize),
    shape: parts.map((part) => (part.type === 'text' ? 'text' : 'image')).join(' '),
    maxTokens: request.max_tokens,
    temperature: request.temperature,
    seed: request.seed ?? null,
    roles: messages.map(({ role }) => role),
    responseSchema: responseFormatSchema.safeParse(request.response_format).data?.json_schema.schema ?? null,
    parameters,
    contentKey: hash.digest('hex'),
  };
}

function decode(url: string): Buffer {
  const match = /^data:image\/jpeg;base64,([A-Za-z0-9+/]+=*)$/.exec(url);
  if (!match?.[1]) throw new Error('an image is no JPEG data URL');
  return Buffer.from(match[1], 'base64');
}
