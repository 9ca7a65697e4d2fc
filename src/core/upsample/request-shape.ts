import { z } from 'zod';

/** What an enriched prompt is: a paragraph, or the JSON that Cosmos 3 was trained on. */
export const promptFormats = ['text', 'cosmos3-json'] as const;
export type PromptFormat = (typeof promptFormats)[number];

/** What the model is shown first. */
export const messageOrders = ['images-first', 'text-first'] as const;

/** Later attempts and variants add to a seed, and some servers keep it in 32 bits. */
export const maxInt32 = 2 ** 31 - 1;

/** Prompts that are made of one spec. */
export const maxVariants = 100;

/** Keys of a request that `extra_body` cannot replace: without them it would be another request. */
const ownKeys = ['messages', 'model', 'stream'];

/** What is set of a request's shape, as the checkpoint keeps it; what is not set is missing. */
export const requestShapeSchema = z.object({
  system_prompt: z.string().optional(),
  top_p: z.number().optional(),
  top_k: z.int().optional(),
  presence_penalty: z.number().optional(),
  seed: z.int().min(0).optional(),
  message_order: z.literal('text-first').optional(),
  /** Merged into every request. */
  extra_body: z.record(z.string(), z.unknown()).optional(),
  prompt_format: z.literal('cosmos3-json').optional(),
});

type RequestShape = z.infer<typeof requestShapeSchema>;

/** The settings of `[upsampling]` that shape a request. */
interface ShapeSettings {
  readonly prompt_format: PromptFormat;
  readonly engine: {
    readonly system_prompt: string;
    readonly top_p: number | 'auto';
    readonly top_k: number | 'auto';
    readonly presence_penalty: number | 'auto';
    readonly seed: number | 'auto';
    readonly message_order: (typeof messageOrders)[number];
    readonly extra_body: Readonly<Record<string, unknown>>;
  };
}

/** Refuses a table of settings that would replace what cosmos itself writes. */
export function assertNotOurs({ value, issues }: z.core.ParsePayload<Record<string, unknown>>): void {
  const own = ownKeys.find((key) => Object.hasOwn(value, key));
  if (own === undefined) return;
  const instead = own === 'model' ? 'upsampling.engine.model sets it' : 'cosmos writes it itself';
  issues.push({ code: 'custom', input: value, message: `must not set "${own}": ${instead}` });
}

/** Settings that say what is so anyway are left out. */
export function requestShapeOf({ engine, prompt_format }: ShapeSettings): RequestShape {
  const usual: Readonly<Record<string, unknown>> = { ...usualRequestShape, prompt_format: 'text' };
  const set = Object.entries({ ...engine, prompt_format }).filter(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(usual[key]),
  );
  return requestShapeSchema.parse(Object.fromEntries(set));
}

/** A shape in the words of `[upsampling.engine]`. */
export function requestShapeConfig(shape: RequestShape): ShapeSettings['engine'] {
  return {
    system_prompt: shape.system_prompt ?? '',
    top_p: shape.top_p ?? 'auto',
    top_k: shape.top_k ?? 'auto',
    presence_penalty: shape.presence_penalty ?? 'auto',
    seed: shape.seed ?? 'auto',
    message_order: shape.message_order ?? 'images-first',
    extra_body: shape.extra_body ?? {},
  };
}

/** Nothing set. */
export const usualRequestShape = requestShapeConfig({});
