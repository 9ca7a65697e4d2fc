import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

/** What a server sends for a command, with its arguments: one text, or pieces without an end. */
export type RedisAnswer = (args: readonly string[]) => string | Iterable<string> | null;

/** A server that speaks as Redis does (RESP 2), and answers whatever a test says; what the test leaves to it, well. */
export async function startHostileRedis(answer: RedisAnswer) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setMaxListeners(0);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    serve(socket, answer).catch(() => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function serve(socket: Socket, answer: RedisAnswer): Promise<void> {
  let text = '';
  for await (const chunk of socket.setEncoding('latin1')) {
    text += chunk;
    for (let command = takeCommand(text); command; command = takeCommand(text)) {
      text = text.slice(command.length);
      const given = answer(command.args) ?? usualAnswer(command.args);
      for (const piece of typeof given === 'string' ? [given] : given) {
        if (socket.destroyed) return;
        if (!socket.write(piece, 'latin1'))
          await Promise.race([once(socket, 'drain'), once(socket, 'close')]);
      }
    }
  }
}

/** The first command of what a client sent; null while it is not whole. */
function takeCommand(text: string): { readonly args: readonly string[]; readonly length: number } | null {
  const head = /^\*(\d+)\r\n/.exec(text);
  if (!head) return null;
  const args: string[] = [];
  let at = head[0].length;
  for (let left = Number(head[1]); left > 0; left -= 1) {
    const size = /^\$(\d+)\r\n/.exec(text.slice(at, at + 20));
    if (!size) return null;
    const start = at + size[0].length;
    at = start + Number(size[1]) + 2;
    if (at > text.length) return null;
    args.push(text.slice(start, at - 2));
  }
  return { args, length: at };
}

function usualAnswer([name = '']: readonly string[]): string {
  const command = name.toLowerCase();
  if (command === 'hello') return "-ERR unknown command 'HELLO'\r\n";
  if (command === 'info') return bulk('redis_version:7.2.0\r\nmaxmemory_policy:noeviction\r\nloading:0\r\n');
  if (command === 'ping') return '+PONG\r\n';
  if (/^(l|z)range$|^hgetall$/.test(command)) return '*0\r\n';
  if (command === 'xread') return '*-1\r\n';
  return '+OK\r\n';
}

export function bulk(text: string): string {
  return `$${text.length}\r\n${text}\r\n`;
}

export function list(values: readonly string[]): string {
  return `*${values.length}\r\n${values.join('')}`;
}
