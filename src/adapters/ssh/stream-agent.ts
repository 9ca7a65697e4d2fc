import { Agent, type AgentOptions, type ClientRequestArgs } from 'node:http';
import type { Duplex } from 'node:stream';
import { messageOf } from '../../errors/app-error.ts';

type OnCreated = (error: Error | null, stream: Duplex) => void;

/**
 * HTTP over streams that are opened by a function of the caller's, such as channels of an SSH connection. Give it
 * `keepAlive: true` to use one stream for many requests. Whatever opening throws is the request's error.
 */
export class StreamAgent extends Agent {
  readonly #open: () => Promise<Duplex>;

  constructor(openStream: () => Promise<Duplex>, options: AgentOptions = {}) {
    super(options);
    this.#open = openStream;
  }

  override createConnection(_options: ClientRequestArgs, onCreated?: OnCreated): undefined {
    // With an error http.Agent reads nothing else.
    const fail = (error: unknown) =>
      (onCreated as ((error: Error) => void) | undefined)?.(
        error instanceof Error ? error : new Error(messageOf(error)),
      );
    const hand = (stream: Duplex) => {
      // A request that was given up while its stream was opened does not listen to what becomes of that.
      stream.on('error', () => undefined);
      onCreated?.(null, stream);
    };
    this.#open().then(hand, fail);
  }
}
