import type { ManifestHint } from '../../protocol/manifest.ts';
import type { TaskErrorCode } from '../../protocol/task-result.ts';

/** One prompt to enrich, and where its frames lie. */
export interface PromptRequest {
  readonly prompt: string;
  /** The hint's file on this machine; null for a text-only task. */
  readonly hintPath: string | null;
  /** What the hint shows, as the plan knows it; missing or undefined is `video`. */
  readonly kind?: ManifestHint['kind'];
  readonly maxOutputTokens: number;
  /** 1 for the first time this task is asked, 2 for the next; engines may vary their sampling with it. */
  readonly attempt: number;
}

/** What an engine answered. Token counts are the engine's own, null where it does not say. */
export interface UpsampleAnswer {
  readonly text: string;
  /** Frames that the engine really looked at. */
  readonly framesUsed: number;
  readonly model: string;
  readonly promptTokens: number | null;
  readonly outputTokens: number | null;
  /** `stop`, `length`, …; null where the engine does not say. */
  readonly finishReason: string | null;
}

/** What is left of a request when its frames are read: asking. May be called once per attempt. */
export type PreparedUpsample = (attempt: number, signal: AbortSignal) => Promise<UpsampleAnswer>;

/**
 * Whatever turns a prompt and its frames into a longer prompt.
 *
 * `upsample` may run many times in parallel, has no memory, and may be repeated. All calls stop soon after
 * `signal` aborts and then reject with its reason. Failures are {@link EngineError}s.
 */
export interface Engine {
  /** Makes the engine ready, or says why it never will be. Called once, before the first `upsample`. */
  start(signal: AbortSignal): Promise<void>;
  upsample(request: PromptRequest, signal: AbortSignal): Promise<UpsampleAnswer>;
  /**
   * Optional: does the part of `upsample` that does not need the model, and returns the rest as a call. An engine
   * with a server behind it has this, so that the next frames are in memory when one of its slots gets free.
   */
  prepare?(request: PromptRequest, signal: AbortSignal): Promise<PreparedUpsample>;
  /** Frees what `start` took. Safe to call twice. */
  stop(): Promise<void>;
  /** Optional: why it cannot be asked at the moment, for a person; null while it can. */
  readonly trouble?: string | null;
  /** It holds what others may wait for: stopped when there is nothing to ask, and another one started when there is. */
  readonly isReleasedWhenIdle?: boolean;
}

/**
 * What a failure means for what comes next.
 * - `permanent`: this request can never succeed; asking again unchanged is pointless.
 * - `transient`: the same request may succeed; counts as an attempt.
 * - `outage`: the engine is away or asks for patience; wait and ask again, without counting an attempt.
 * - `fatal`: no request can succeed (a wrong key, an unknown model); the worker stops taking tasks.
 */
type EngineErrorClass = 'permanent' | 'transient' | 'outage' | 'fatal';

/** What an {@link EngineError} is made of. */
export interface EngineErrorFacts {
  readonly code: TaskErrorCode;
  readonly class: EngineErrorClass;
  readonly message: string;
  /** How long the engine asked to wait, in milliseconds. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** A failure of one request, with its class. */
export class EngineError extends Error {
  readonly code: TaskErrorCode;
  readonly class: EngineErrorClass;
  readonly retryAfterMs: number | null;

  constructor(facts: EngineErrorFacts) {
    super(facts.message, { cause: facts.cause });
    this.name = 'EngineError';
    this.code = facts.code;
    this.class = facts.class;
    this.retryAfterMs = facts.retryAfterMs ?? null;
  }
}
