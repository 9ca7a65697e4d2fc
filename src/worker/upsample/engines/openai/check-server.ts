import type { CheckedServer } from '../../../../ports/model-server.ts';
import type { EngineSpec } from '../../../../protocol/manifest.ts';
import { HttpError } from '../../../http/http-client.ts';
import { EngineError } from '../../../tasks/engine-error.ts';
import type { UpsampleAnswer } from '../../engine.ts';
import { OpenAiEngine, type OpenAiEngineDeps } from './openai-engine.ts';
import { serverAddress } from './server-address.ts';

type CheckDeps = Pick<OpenAiEngineDeps, 'media' | 'clock' | 'environment'>;

/** A picture to be tried, as a hint of one colour. */
export interface TestPicture {
  readonly hintPath: string;
  /** What names the colour, in any language that a model may answer in. */
  readonly colour: RegExp;
}

const pictureQuestion = 'Which colour is this picture? Answer with one English word.';
const longestPictureAnswer = 64;

/** What the question costs without a picture, with the longest usual chat template, in tokens; any model's picture costs more. */
const mostTextTokens = 110;

/**
 * Judges a server as a run does, with the same client and the same messages, but does not wait for it.
 *
 * @param picture - Sent with one request, to see whether the model sees it; none unless given.
 * @throws EngineError fatal; of any class where the picture was refused.
 */
export async function checkServer(
  spec: EngineSpec,
  deps: CheckDeps,
  picture?: TestPicture,
): Promise<CheckedServer> {
  const retry = { ...spec.retry, max_outage_ms: 0 };
  const engine = new OpenAiEngine({ ...deps, spec: { ...plainSpec(spec), retry } });
  const signal = new AbortController().signal;
  try {
    await engine.start(signal);
    if (engine.server === null) throw new Error('an engine that was started knows its server');
    const server = { ...engine.server, waitReason: null, imageAnswer: null };
    if (picture === undefined || server.seesImages === false) return server;
    const { hintPath } = picture;
    const request = { prompt: pictureQuestion, hintPath, maxOutputTokens: longestPictureAnswer };
    const ask = await engine.prepare(request, signal);
    return { ...server, ...judgePicture(await ask(1, signal), picture) };
  } catch (error) {
    const waitReason = loadingReason(error);
    if (waitReason === null) throw error;
    const { shown: address } = serverAddress(spec, deps.environment);
    const unknown = { program: null, contextTokens: null, seesImages: null, imageAnswer: null };
    return { address, model: spec.model, isListingModels: false, ...unknown, waitReason };
  } finally {
    await engine.stop();
  }
}

/** The server alone is judged, and not how prompts are asked for. */
function plainSpec({ system_prompt: _system, prompt_format: _format, ...spec }: EngineSpec): EngineSpec {
  return { ...spec, instruction: '' };
}

/** A model that names the colour has seen it; of others, what they count tells most of the time. */
function judgePicture(
  answer: UpsampleAnswer,
  { colour }: TestPicture,
): Pick<CheckedServer, 'seesImages' | 'imageAnswer'> {
  const { text, promptTokens, model } = answer;
  if (colour.test(text)) return { seesImages: true, imageAnswer: "sees images: it named a picture's colour" };
  const said = text.trim() === '' ? 'nothing' : JSON.stringify(text.trim().slice(0, 60));
  const answered = `the model ${model} was shown a picture of one colour and said ${said} to "which?"`;
  if (promptTokens === null) return { seesImages: null, imageAnswer: answered };
  const counted = `${promptTokens} prompt tokens`;
  return promptTokens > mostTextTokens
    ? { seesImages: null, imageAnswer: `${answered}, though it was counted (${counted})` }
    : { seesImages: false, imageAnswer: `${answered}, and it was not counted (${counted})` };
}

/** Why a server that answers cannot say yet what it serves; null for every other failure. */
function loadingReason(error: unknown): string | null {
  const isLoading =
    error instanceof EngineError &&
    error.cause instanceof EngineError &&
    !(error.cause.cause instanceof HttpError);
  return isLoading ? error.message : null;
}
