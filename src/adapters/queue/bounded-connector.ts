import { createConnection, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AbstractConnector, type RedisOptions } from 'ioredis';
import { AnswerMeter } from './answer-meter.ts';

/**
 * Connects as ioredis does, and ends a connection before it reads an answer that is larger than any that is expected.
 *
 * @param onRefused - Is given what was sent, as in `an answer of more than … bytes`.
 */
export function boundedConnector(onRefused: (what: string) => void) {
  return class extends AbstractConnector {
    readonly #options: RedisOptions;

    constructor(options: unknown) {
      const given = options as RedisOptions;
      super(given.disconnectTimeout ?? 2_000);
      this.#options = given;
    }

    async connect(): Promise<Socket> {
      const { host = '127.0.0.1', port = 6379, tls } = this.#options;
      this.connecting = true;
      // It may be ended at once.
      await new Promise((resolve) => process.nextTick(resolve));
      if (!this.connecting) throw new Error('Connection is closed.');
      const socket = tls ? connectTls({ host, port, ...tls }) : createConnection({ host, port });
      this.stream = socket;
      socket.once('error', (error) => {
        this.firstError = error;
      });
      return bounded(socket, onRefused);
    }
  };
}

/** The socket, which takes in nothing that the meter refuses: what reads it gets each piece only after that. */
function bounded(socket: Socket, onRefused: (what: string) => void): Socket {
  const meter = new AnswerMeter();
  const push = socket.push.bind(socket);
  socket.push = (piece: Buffer | null, encoding?: BufferEncoding) => {
    const refusal = piece === null ? null : meter.refusal(piece);
    if (refusal === null) return push(piece, encoding);
    socket.destroy();
    onRefused(refusal);
    return false;
  };
  return socket;
}
