/** How long and how often a slot tries with a model's server; durations in milliseconds. */
export interface ModelServerLimits {
  /** From the start to the first good answer of `/health`. */
  readonly startupTimeoutMs: number;
  /** So often in a row it may die before it is ready. */
  readonly maxLoadDeaths: number;
  /** So often in a row it may die without an answer in between. */
  readonly maxFruitlessDeaths: number;
  /** So often in a row its port may be taken by another program. */
  readonly maxPortConflicts: number;
  /** A request failed, and its health check failed for so long: it hangs. */
  readonly hungMs: number;
  /** From SIGTERM to SIGKILL. */
  readonly stopGraceMs: number;
  readonly restart: { readonly baseDelayMs: number; readonly maxDelayMs: number };
  /** Size of its log, of which one older part is kept, in bytes. */
  readonly maxLogBytes: number;
}

/** 23 GB of weights took 100 s from a fast disk; a network disk and compiling may take many times that. */
export const modelServerLimits: ModelServerLimits = {
  startupTimeoutMs: 30 * 60_000,
  maxLoadDeaths: 3,
  maxFruitlessDeaths: 8,
  maxPortConflicts: 10,
  hungMs: 60_000,
  stopGraceMs: 10_000,
  restart: { baseDelayMs: 1_000, maxDelayMs: 30_000 },
  maxLogBytes: 10 * 1024 * 1024,
};
