import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);
const proxy = pathToFileURL(join(import.meta.dirname, '../../support/lab/fault-proxy.ts')).href;

/** Has a connection reset that is just ending, and has nothing more to do. */
const program = `
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { resetConnection } from ${JSON.stringify(proxy)};
const server = createServer((peer) => peer.on('error', () => {}).resume());
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const socket = connect(server.address().port, '127.0.0.1');
await once(socket, 'connect');
socket.end();
resetConnection(socket);
await once(socket, 'close');
server.close();
`;

it('a connection that is reset while it ends is closed, and keeps no process alive', async () => {
  const ended = run(process.execPath, ['--input-type=module', '--eval', program], { timeout: 20_000 });
  await expect(ended).resolves.toMatchObject({ stderr: '' });
});
