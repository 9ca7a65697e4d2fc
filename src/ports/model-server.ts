import type { EstimatorName, ServerProgram } from '../core/tokens/estimator.ts';

/** What a model's server says of itself. */
export interface ServerFacts {
  /** Its address, without a password. */
  readonly address: string;
  /** The model that is asked for. */
  readonly model: string;
  readonly isListingModels: boolean;
  /** Which program it is; null where it does not say. */
  readonly program: ServerProgram | null;
  /** Tokens that one prompt and its answer may have; null where the server does not say. */
  readonly contextTokens: number | null;
  /** Whether the model takes images; null where the server does not say. */
  readonly seesImages: boolean | null;
}

/** The same from a look at a server that need not be ready. */
export interface CheckedServer extends ServerFacts {
  /** Why it cannot say more yet: it loads its model, or has too much to do. */
  readonly waitReason: string | null;
  /** What came of a request with a picture, as a sentence; null where none was sent. */
  readonly imageAnswer: string | null;
}

/**
 * What chat templates were seen to add to prompts, by model and the estimator that counted the rest. Losing any of it
 * costs precision, never correctness: what cannot be read is not there, and what cannot be written is not kept.
 */
export interface TemplateTokens {
  /** Tokens; null where nothing was seen. */
  get(model: string, estimator: EstimatorName): Promise<number | null>;
  put(model: string, estimator: EstimatorName, tokens: number): Promise<void>;
}
