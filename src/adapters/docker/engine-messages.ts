import { z } from 'zod';
import { parseJsonAs } from '../../core/json.ts';

/** One message of a build or a pull, as engines stream them; unknown fields are left out. */
const engineMessageSchema = z.object({
  /** Output of a build. */
  stream: z.string().optional(),
  /** What is done to a layer, or to the whole image. */
  status: z.string().optional(),
  /** The layer. */
  id: z.string().optional(),
  progressDetail: z.object({ current: z.number().optional(), total: z.number().optional() }).optional(),
  /** Why it failed; the answer's own status is 200 all the same. */
  error: z.string().optional(),
});

export type ImageMessage = z.infer<typeof engineMessageSchema>;

/** Reads the messages of a stream, one JSON document a line. Lines that are none are left out. */
export async function* readMessages(stream: NodeJS.ReadableStream): AsyncGenerator<ImageMessage> {
  stream.setEncoding('utf8');
  let rest = '';
  for await (const piece of stream) {
    const lines = `${rest}${piece}`.split('\n');
    rest = lines.pop() ?? '';
    yield* lines.flatMap(parseMessage);
  }
  yield* parseMessage(rest);
}

function parseMessage(line: string): ImageMessage[] {
  const message = parseJsonAs(engineMessageSchema, line);
  return message ? [message] : [];
}
