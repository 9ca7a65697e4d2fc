import { z } from 'zod';
import { parseForeignJsonAs } from '../../core/json.ts';
import { shortened } from '../../core/shortened.ts';
import type { PrepareProgress } from '../../ports/host-upkeep.ts';
import { TooMuchError } from '../bounded-stream.ts';

/** One message of a build or a pull, as Docker streams them; unknown fields are left out. */
const imageMessageSchema = z.object({
  /** Output of a build. */
  stream: z.string().optional(),
  /** What is done to a layer, or to the whole image. */
  status: z.string().optional(),
  /** The layer. */
  id: z.string().max(256).optional(),
  progressDetail: z.object({ current: z.number().optional(), total: z.number().optional() }).optional(),
  /** Why it failed; the answer's own status is 200 all the same. */
  error: z.string().optional(),
});

export type ImageMessage = z.infer<typeof imageMessageSchema>;

/** Longest message, in characters; output of a build comes in pieces of some kilobytes. */
const maxMessageLength = 1024 * 1024;

/** Layers whose progress is followed; an image has at most 127. */
const mostLayers = 1_000;

/**
 * Reads the messages of a stream, one JSON document a line. Other lines are left out.
 *
 * @throws TooMuchError for a line without an end.
 */
export async function* readMessages(stream: NodeJS.ReadableStream): AsyncGenerator<ImageMessage> {
  stream.setEncoding('utf8');
  let rest = '';
  for await (const piece of stream) {
    const lines = `${rest}${piece}`.split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > maxMessageLength) throw new TooMuchError(maxMessageLength);
    yield* lines.flatMap(parseMessage);
  }
  yield* parseMessage(rest);
}

function parseMessage(line: string): ImageMessage[] {
  const message = parseForeignJsonAs(imageMessageSchema, line);
  return message ? [message] : [];
}

/** How many lines of output an error shows. */
const keptLines = 20;

/** The share of a layer's work that downloading is; the rest is unpacking. */
const downloadShare = 0.7;

interface Layer {
  /** Between 0 and 1. */
  readonly done: number;
  readonly downloadedBytes: number;
}

/** How far a build or a pull is, from its messages. The fraction never falls. */
export class ImageProgress {
  readonly tail: string[] = [];
  readonly #layers = new Map<string, Layer>();
  #step = { number: 0, total: 0 };
  #fraction: number | null = null;

  /** Notes a message. @returns what to show; null where nothing has changed for a person. */
  take(message: ImageMessage): PrepareProgress | null {
    if (message.stream !== undefined) return this.#takeOutput(message.stream);
    if (message.status === undefined) return null;
    return message.id === undefined ? this.#takeLine(message.status) : this.#takeLayer(message);
  }

  #takeOutput(text: string): PrepareProgress | null {
    const lines = text.split(/[\r\n]+/).filter((line) => line.trim() !== '');
    let shown: PrepareProgress | null = null;
    for (const line of lines) {
      const step = /^Step (\d+)\/(\d+) : /.exec(line);
      if (step) {
        this.#step = { number: Number(step[1]), total: Number(step[2]) };
        this.#layers.clear();
      }
      const taken = this.#takeLine(line);
      // Ids of layers and containers mean nothing to a person.
      if (!/^(--->|Removing intermediate container|Removed intermediate container)/.test(line.trim()))
        shown = taken;
    }
    return shown;
  }

  #takeLine(line: string): PrepareProgress {
    const shown = shortened(line.trim());
    this.tail.push(shown);
    if (this.tail.length > keptLines) this.tail.shift();
    return { message: shown.replaceAll(/\s+/g, ' '), fraction: this.#advance() };
  }

  #takeLayer({ status = '', id = '', progressDetail }: ImageMessage): PrepareProgress | null {
    const before = this.#layers.get(id) ?? { done: 0, downloadedBytes: 0 };
    const layer = afterStatus(before, status, progressDetail?.current ?? 0, progressDetail?.total ?? 0);
    // A tag has no layer's status: `1.0: Pulling from library/x`.
    if (layer === null) return this.#takeLine(`${id}: ${status}`);
    if (this.#layers.has(id) || this.#layers.size < mostLayers) this.#layers.set(id, layer);
    const layers = [...this.#layers.values()];
    const bytes = layers.reduce((sum, { downloadedBytes }) => sum + downloadedBytes, 0);
    const whole = layers.filter(({ done }) => done === 1).length;
    const message = `Pulling: ${whole} of ${layers.length} layers, ${(bytes / 1e9).toFixed(2)} GB so far`;
    return { message, fraction: this.#advance() };
  }

  #advance(): number | null {
    const layers = [...this.#layers.values()];
    const pulled = layers.length === 0 ? 0 : layers.reduce((sum, { done }) => sum + done, 0) / layers.length;
    const { number, total } = this.#step;
    const isKnown = total > 0 || layers.length > 0;
    const fraction = total > 0 ? (number - 1 + pulled) / total : pulled;
    if (isKnown) this.#fraction = Math.max(this.#fraction ?? 0, Math.min(1, fraction));
    return this.#fraction;
  }
}

/** A layer after a status; null for a status that is not a layer's. */
function afterStatus(before: Layer, status: string, current: number, total: number): Layer | null {
  const share = total > 0 ? Math.min(1, current / total) : 0;
  switch (status) {
    case 'Pulling fs layer':
    case 'Waiting':
    case 'Verifying Checksum':
      return before;
    case 'Downloading':
      return { done: Math.max(before.done, downloadShare * share), downloadedBytes: current };
    case 'Download complete':
      return { ...before, done: Math.max(before.done, downloadShare) };
    case 'Extracting':
      return { ...before, done: Math.max(before.done, downloadShare + (1 - downloadShare) * share) };
    case 'Pull complete':
    case 'Already exists':
      return { ...before, done: 1 };
    default:
      return null;
  }
}
