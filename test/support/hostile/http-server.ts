import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';

/** A server on a unix socket, as an engine or a worker has one, that answers whatever a test says. */
export async function startHostileHttp(
  socketPath: string,
  answer: (path: string, response: ServerResponse, request: IncomingMessage) => void,
): Promise<{ stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    response.on('error', () => undefined);
    request.resume();
    answer(request.url ?? '', response, request);
  });
  await new Promise<void>((settle) => server.listen(socketPath, settle));
  const stop = async () => {
    const closed = new Promise<void>((settle) => server.close(() => settle()));
    server.closeAllConnections();
    await closed;
  };
  return { stop };
}

/** Sends `begin`, and then `part` for ever, as fast as it is read. */
export function sendForever(response: ServerResponse, begin: string, part: string): void {
  const piece = Buffer.from(part.repeat(Math.ceil(65_536 / part.length)));
  const pieces = function* () {
    if (begin !== '') yield Buffer.from(begin);
    for (;;) yield piece;
  };
  // Whoever listens may be gone at any moment.
  Readable.from(pieces())
    .on('error', () => undefined)
    .pipe(response);
  response.on('close', () => response.destroy());
}
