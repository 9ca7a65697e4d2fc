import { z } from 'zod';
import { parseJsonAs } from '../../../../core/json.ts';
import type { ServerProgram } from '../../../../core/tokens/estimator.ts';
import type { ServerFacts } from '../../../../ports/model-server.ts';
import type { HttpAnswer } from '../../../http/http-client.ts';
import { answerError } from './engine-errors.ts';
import { rejected, type ServerAddress, withoutPassword } from './server-address.ts';

/** Sends a GET. An error inside a 200 is an answer with its own status here. @throws EngineError where none came. */
export type ServerGet = (url: URL) => Promise<HttpAnswer>;

const contextSchema = z.int().positive().nullish().catch(null);
const namesSchema = z.array(z.string()).nullish().catch(null);

/**
 * Entries without a name say nothing. vLLM tells the context as `max_model_len`, llama.cpp in `meta`. Whether images are
 * taken, OpenRouter tells in `architecture` and Mistral in `capabilities`.
 */
const modelSchema = z.object({
  id: z.string(),
  aliases: z.array(z.string()).catch([]).default([]),
  owned_by: z.string().nullish().catch(null),
  max_model_len: contextSchema,
  meta: z.object({ n_ctx: contextSchema }).nullish().catch(null),
  architecture: z.object({ input_modalities: namesSchema }).nullish().catch(null),
  capabilities: z.object({ vision: z.boolean().nullish() }).nullish().catch(null),
});

/** llama.cpp lists its model a second time, in the manner of Ollama, and says there what it can do. */
const modelListSchema = z.object({
  data: z.array(modelSchema.nullable().catch(null)),
  models: z
    .array(z.object({ capabilities: namesSchema }).nullable().catch(null))
    .nullish()
    .catch(null),
});

/** `/props` of llama.cpp. */
const propsSchema = z.object({
  modalities: z.object({ vision: z.boolean().nullish() }).nullish().catch(null),
  default_generation_settings: z.object({ n_ctx: contextSchema }).nullish().catch(null),
});

/** Who is said to own the models of a server. */
const programs: Readonly<Record<string, ServerProgram>> = { llamacpp: 'llama.cpp', vllm: 'vllm' };

export type ListedModel = z.infer<typeof modelSchema>;

/**
 * The served models; null when the server does not list them.
 *
 * @throws EngineError for an answer that asks to wait or refuses, and where the models are listed under another path.
 */
export async function listModels(
  address: ServerAddress,
  asked: { readonly model: string; readonly nowMs: number },
  get: ServerGet,
): Promise<readonly ListedModel[] | null> {
  const path = '/models';
  const answer = await get(address.url(path));
  const models = modelsIn(answer);
  if (models) return models;
  const isElsewhere = answer.status === 200 || answer.status === 404 || answer.status === 405;
  if (isElsewhere) await assertNoOtherPath(address, get);
  if (answer.status === 200) return null;
  const error = answerError(answer, { path, address, ...asked });
  const isRefused = answer.status === 401 || answer.status === 403;
  if (isRefused || (answer.status >= 300 && answer.status < 400) || error.class === 'outage') throw error;
  // Not every server lists its models; whether this one works, the first request will show.
  return null;
}

/** With a wrong path everything fails, and the first failure rarely says so. @throws EngineError fatal. */
async function assertNoOtherPath(address: ServerAddress, get: ServerGet): Promise<void> {
  for (const other of address.others) {
    const answer = await get(new URL(`${other}/models`)).catch(() => null);
    if (!answer || !modelsIn(answer)) continue;
    const shown = withoutPassword(other);
    const problem = `${address.shown} is not where this server has the OpenAI API`;
    throw rejected(`${problem}: its models are listed at ${shown}/models. Set base_url to ${shown}.`);
  }
}

function modelsIn(answer: HttpAnswer): readonly ListedModel[] | null {
  if (answer.status !== 200) return null;
  const list = parseJsonAs(modelListSchema, answer.body);
  if (!list) return null;
  const [only] = list.models ?? [];
  const isImageKnown = list.data.length === 1 && only?.capabilities != null;
  return list.data.flatMap((model) => {
    if (model === null) return [];
    if (!isImageKnown || model.capabilities != null) return [model];
    return [{ ...model, capabilities: { vision: only.capabilities?.includes('multimodal') ?? null } }];
  });
}

/** What is known of one of the served models; null for each thing that the server does not say. */
export async function factsOf(
  model: ListedModel | undefined,
  address: ServerAddress,
  get: ServerGet,
): Promise<Pick<ServerFacts, 'program' | 'contextTokens' | 'seesImages'>> {
  const modalities = model?.architecture?.input_modalities;
  const facts = {
    program: programs[model?.owned_by ?? ''] ?? null,
    contextTokens: model?.max_model_len ?? model?.meta?.n_ctx ?? null,
    seesImages: modalities?.includes('image') ?? model?.capabilities?.vision ?? null,
  };
  if (facts.program !== 'llama.cpp') return facts;
  const answer = await get(address.besides('/props')).catch(() => null);
  const props = answer?.status === 200 ? parseJsonAs(propsSchema, answer.body) : null;
  return {
    ...facts,
    contextTokens: facts.contextTokens ?? props?.default_generation_settings?.n_ctx ?? null,
    // "multimodal" may also mean sound alone.
    seesImages: props?.modalities?.vision ?? facts.seesImages,
  };
}
