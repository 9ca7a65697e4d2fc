import { type IncomingMessage, request } from 'node:http';

/** One HTTP request over a unix socket, on a connection of its own. */
export async function callSocket(
  socketPath: string,
  method: string,
  path: string,
  body?: string,
): Promise<{ status: number; body: string }> {
  const response = await openSocket(socketPath, method, path, body);
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') };
}

/** The same, as soon as the answer begins. */
export function openSocket(
  socketPath: string,
  method: string,
  path: string,
  body?: string,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, method, path, agent: false }, resolve);
    call.once('error', reject);
    call.end(body);
  });
}
