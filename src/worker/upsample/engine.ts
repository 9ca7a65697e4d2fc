import type { ManifestHint } from '../../protocol/manifest.ts';

export interface PromptRequest {
  readonly prompt: string;
  /** The hint's file on this machine; null for a text-only task. */
  readonly hintPath: string | null;
  /** What the hint shows, as the plan knows it; missing or undefined is `video`. */
  readonly kind?: ManifestHint['kind'];
  readonly maxOutputTokens: number;
  /** For a task that has one of its own, instead of the engine's. */
  readonly seed?: number | undefined;
  /** Of the video, where the answer has to say what happens when. */
  readonly durationSeconds?: number | undefined;
}

/** An answer that is not of the shape that was asked for, and why. */
export interface Correction {
  readonly answer: string;
  readonly fault: string;
}

/** What an engine answered. Token counts are the engine's own, null where it does not say. */
export interface UpsampleAnswer {
  readonly text: string;
  /** What the model said instead, where its server tells refusals apart. */
  readonly refusal?: string | null;
  /** Frames that the engine really looked at. */
  readonly framesUsed: number;
  readonly model: string;
  readonly promptTokens: number | null;
  readonly outputTokens: number | null;
  /** `stop`, `length`, …; null where the engine does not say. */
  readonly finishReason: string | null;
}

/**
 * What is left of a request when its frames are read: asking.
 *
 * @param attempt - 1 for the first time this task is asked, 2 for the next; engines may vary their sampling with it.
 * @param correction - The answer before, for the model to correct.
 */
export type PreparedUpsample = (
  attempt: number,
  signal: AbortSignal,
  correction?: Correction,
) => Promise<UpsampleAnswer>;

/**
 * Turns a prompt and its frames into a longer prompt.
 *
 * Requests may run in parallel, have no memory, and may be repeated. All calls stop soon after `signal` aborts and then
 * reject with its reason. Failures are {@link EngineError}s.
 */
export interface Engine {
  /** Makes the engine ready, or says why it never will be. Called once, before the first request. */
  start(signal: AbortSignal): Promise<void>;
  /** Does the part of a request that does not need the model. */
  prepare(request: PromptRequest, signal: AbortSignal): Promise<PreparedUpsample>;
  /** Frees what `start` took. Safe to call twice. */
  stop(): Promise<void>;
  /** Requests are prepared ahead, so that the next frames are in memory when one of the server's slots gets free. */
  readonly preparesAhead?: boolean;
  /** Why it cannot be asked at the moment, for a person; null while it can. */
  readonly waitReason?: string | null;
  /** The engine holds what others may wait for: it is stopped when there is nothing to ask, and restarted for new tasks. */
  readonly isReleasedWhenIdle?: boolean;
}
