import { z } from 'zod';
import { formatSize } from '../hints/display-size.ts';
import { estimatorNames } from '../tokens/estimator.ts';
import { shapes } from '../tokens/size-limits.ts';

const count = z.int().min(0);
const side = z.int().min(1);
const sizeSchema = z.object({ width: side, height: side });

/** What `limits --json` prints, and what is kept of it for `--max-resolution auto`. */
export const serverLimitsSchema = z
  .object({
    version: z.literal(1),
    host: z.string().describe('The machine whose runs use it.'),
    address: z.string().describe('Of the server, without a password.'),
    model: z.string(),
    measured_at: z.iso.datetime(),
    frames: side.describe('Pictures in each request.'),
    output_reserved: side.describe('`max_tokens` of each request.'),
    context: z.object({
      tokens: side,
      source: z.enum(['server', 'settings']).describe('Who says so: the server, or `upsampling.max_tokens`.'),
    }),
    estimator: z
      .enum(estimatorNames)
      .nullable()
      .describe('The one that counts as the server does; null where none does.'),
    text_tokens: count
      .nullable()
      .describe(
        "The server's prompt tokens less the estimator's vision tokens, the same in all requests; null where they differ.",
      ),
    estimated_text_tokens: count.describe('What a plan would have counted for the same text and template.'),
    requests: count.describe('How many were sent, those that were repeated included.'),
    shapes: z
      .array(
        z.object({
          shape: z.enum(shapes.map(({ name }) => name)),
          largest: sizeSchema.nullable(),
          is_refused_above: z.boolean().describe('Whether one step more was refused.'),
        }),
      )
      .describe('Empty with `--resolutions`.'),
    tests: z.array(
      sizeSchema.extend({
        is_safe: z.boolean(),
        prompt_tokens: count.nullable().describe('As the server counted; null where it refused.'),
        vision_tokens: count.describe('By `estimator`, or the configured one where that is null.'),
        room_tokens: z
          .int()
          .nullable()
          .describe('What is left of the context for more text; null where it refused.'),
        reason: z.string().nullable().describe('Why it is not safe.'),
      }),
    ),
    config: z
      .record(z.string(), z.union([z.string(), z.number()]))
      .describe('For `[upsampling]` in `config.toml`; empty where no size is safe.'),
  })
  .describe('The largest hints that a model server takes.');

export type ServerLimits = z.infer<typeof serverLimitsSchema>;

/** The boxes that runs may fill: of one shape each. */
export function safeBoxesOf({ shapes: found }: ServerLimits): string[] {
  return found.flatMap(({ largest }) => (largest === null ? [] : [formatSize(largest)]));
}

/** The lines that hold measured limits for all runs of a folder. */
export function configLinesOf({ config }: ServerLimits): string[] {
  const lines = Object.entries(config).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  return lines.length === 0 ? [] : ['[upsampling]', ...lines];
}
