import type { Size } from '../core/hints/display-size.ts';
import type { EstimatorName, ServerProgram } from '../core/tokens/estimator.ts';
import type { ServerLimits } from '../core/upsample/server-limits.ts';
import type { UpsampleSettings } from '../core/upsample/upsample-settings.ts';
import type { ManifestTask } from '../protocol/manifest.ts';
import type { TaskResult } from '../protocol/task-result.ts';

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

/** What came of a request with pictures, after `requests` of them. */
export type PicturesAnswer = { readonly requests: number } & (
  | { readonly refusal: string }
  | {
      readonly refusal: null;
      /** As the server counted them; null where it does not. */
      readonly promptTokens: number | null;
      readonly finishReason: string | null;
    }
);

/** A server that is asked as a run asks it, with pictures of chosen sizes. */
export interface ServerProbe {
  readonly facts: ServerFacts;
  /**
   * Sends a request with pictures of this size, with all of the output that a run reserves. Once more where the answer was
   * cut off, and as often as a run would where the server failed.
   *
   * @throws AppError `engine-rejected` or `engine-unreachable` where no request can succeed; the signal's reason.
   */
  ask(size: Size, signal: AbortSignal): Promise<PicturesAnswer>;
}

export interface ProbeRequest {
  readonly prompt: string;
  readonly frames: number;
  readonly maxOutputTokens: number;
}

/** Measured limits, by host and model. What cannot be read is not there. */
export interface ServerLimitsStore {
  get(host: string, model: string): Promise<ServerLimits | null>;
  /** Publishes atomically, over those of before. */
  put(limits: ServerLimits): Promise<void>;
}

/** Requests to a model, and its answers, that travel in files. */
export interface RequestFiles {
  /**
   * The body of the request that a run would send for a task first, as JSON.
   *
   * @param hintPath - Null for a text-only task.
   * @throws AppError `video-unreadable` for a hint without frames.
   */
  bodyOf(engine: UpsampleSettings['engine'], task: ManifestTask, hintPath: string | null): Promise<string>;
  /** Judges answers as a run does that gets them, each with those that were judged before. */
  judgeOf(engine: UpsampleSettings['engine']): Promise<JudgeAnswer>;
}

/** What a run would make of an answer. @param body - Of the server's answer, as JSON. */
export type JudgeAnswer = (task: ManifestTask, body: string) => Promise<TaskResult>;
