/** What a model's server says of itself. */
export interface ServerFacts {
  /** Its address, without a password. */
  readonly address: string;
  /** The model that is asked for. */
  readonly model: string;
  readonly isListingModels: boolean;
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
