import { mkdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import ssh2, { type Attributes, type SFTPWrapper } from 'ssh2';
import type { SshSettings } from '../../../src/adapters/ssh/resolve-target.ts';

const { Server, utils } = ssh2;
const { STATUS_CODE: status } = utils.sftp;

/** What lies under a name of the lying server. */
export interface LyingFile {
  readonly mode: number;
  /** As it says. */
  readonly size?: number;
  /** What it sends, whatever its size says; left out: nothing. */
  read?(offset: number, length: number): Buffer | null;
  /** Names of its n-th answer to a listing; null: the end. */
  names?(turn: number): readonly LyingEntry[] | null;
}

export interface LyingEntry {
  readonly name: string;
  readonly mode?: number;
  readonly size?: number;
}

export const regular = 0o100644;
export const folderMode = 0o40755;
export const pipeMode = 0o10644;
export const linkMode = 0o120777;

/** What the server was asked, in order: `open /path`. */
type Asked = string[];

export interface HostileSftp {
  readonly settings: SshSettings;
  readonly asked: Asked;
  stop(): Promise<void>;
}

/**
 * An SSH server that lets one key in, and whose files are whatever a test says: sizes that lie, listings and files
 * without an end, pipes that keep a reader waiting for ever.
 *
 * @param folder - For its keys.
 * @param find - The file at a path; null: there is none.
 */
export async function startHostileSftp(
  folder: string,
  find: (path: string) => LyingFile | null,
): Promise<HostileSftp> {
  const [host, user] = [makeKeys(), makeKeys()];
  const asked: Asked = [];
  const server = new Server({ hostKeys: [host.private] }, (client) => {
    client.on('error', () => undefined);
    client.on('authentication', (context) =>
      context.method === 'publickey' ? context.accept() : context.reject(['publickey']),
    );
    client.on('session', (accept) => {
      accept().on('sftp', (acceptSftp) => serve(acceptSftp(), find, asked));
    });
    // Nothing listens on any of its sockets.
    client.on('request', (_accept, reject) => reject?.());
  });
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
  const { port } = server.address() as AddressInfo;
  await mkdir(folder, { recursive: true });
  const [identity, known] = [join(folder, 'id'), join(folder, 'known_hosts')];
  await writeFile(identity, user.private, { mode: 0o600 });
  await writeFile(`${identity}.pub`, user.public);
  await writeFile(known, `[127.0.0.1]:${port} ${host.public}\n`);
  return {
    settings: {
      ...{ address: '127.0.0.1', port, user: 'victim', identity_file: identity, known_hosts_file: known },
    },
    asked,
    stop: () => new Promise((settle) => server.close(() => settle())),
  };
}

/** One in some hundred keys that ssh2 makes it cannot read itself. */
function makeKeys(): { readonly private: string; readonly public: string } {
  for (;;) {
    const keys = utils.generateKeyPairSync('ed25519');
    if (!(utils.parseKey(keys.private) instanceof Error)) return keys;
  }
}

function serve(sftp: SFTPWrapper, find: (path: string) => LyingFile | null, asked: Asked): void {
  const handles: { readonly path: string; readonly file: LyingFile; turn: number }[] = [];
  const attributesOf = ({ mode, size = 0 }: Pick<LyingFile, 'mode' | 'size'>): Attributes =>
    ({ mode, size, uid: 1, gid: 1, atime: 1, mtime: 1 }) as Attributes;
  const openOf = (handle: Buffer) => handles[handle.readUInt32BE(0)];
  const give = (id: number, path: string, file: LyingFile) => {
    const handle = Buffer.alloc(4);
    handle.writeUInt32BE(handles.push({ path, file, turn: 0 }) - 1);
    sftp.handle(id, handle);
  };
  const none = (id: number) => sftp.status(id, status.NO_SUCH_FILE);
  const tell = (what: string, path: string) => {
    asked.push(`${what} ${path}`);
    return find(path);
  };
  sftp.on('error', () => undefined);
  sftp.on('REALPATH', (id, path) =>
    sftp.name(id, [
      { filename: path === '.' ? '/home' : path, longname: '', attrs: attributesOf({ mode: 0 }) },
    ]),
  );
  const describe = (what: string) => (id: number, path: string) => {
    const file = tell(what, path);
    return file ? sftp.attrs(id, attributesOf(file)) : none(id);
  };
  sftp.on('STAT', describe('stat'));
  sftp.on('LSTAT', describe('lstat'));
  sftp.on('FSTAT', (id, handle) => {
    const open = openOf(handle);
    return open ? sftp.attrs(id, attributesOf(open.file)) : none(id);
  });
  sftp.on('OPEN', (id, path) => {
    const file = tell('open', path);
    // As an OpenSSH server does that opens a pipe: no answer, to this and whatever follows.
    if (file?.mode === pipeMode) return;
    if (file) give(id, path, file);
    else none(id);
  });
  sftp.on('OPENDIR', (id, path) => {
    const file = tell('opendir', path);
    if (file?.names) give(id, path, file);
    else none(id);
  });
  sftp.on('READ', (id, handle, offset, length) => {
    const bytes = openOf(handle)?.file.read?.(offset, length) ?? null;
    if (bytes === null) sftp.status(id, status.EOF);
    else sftp.data(id, bytes);
  });
  sftp.on('READDIR', (id, handle) => {
    const open = openOf(handle);
    const names = open?.file.names?.(open.turn++) ?? null;
    if (names === null) sftp.status(id, status.EOF);
    else
      sftp.name(
        id,
        names.map(({ name, mode = regular, size = 1 }) => ({
          ...{ filename: name, longname: '', attrs: attributesOf({ mode, size }) },
        })),
      );
  });
  const removed = (what: string) => (id: number, path: string) => {
    const file = tell(what, path);
    sftp.status(id, file === null ? status.NO_SUCH_FILE : status.OK);
  };
  sftp.on('REMOVE', removed('remove'));
  sftp.on('RMDIR', removed('rmdir'));
  sftp.on('MKDIR', (id) => sftp.status(id, status.FAILURE));
  sftp.on('CLOSE', (id) => sftp.status(id, status.OK));
}

/** Makes a port that takes connections and tells `text`, again and again, without an end. */
export async function startBabbling(text: Buffer): Promise<{ readonly port: number; stop(): void }> {
  const sockets = new Set<{ destroy(): void }>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    const source = new PassThrough();
    source.pipe(socket);
    const write = () => {
      while (!socket.destroyed && source.write(text));
      if (!socket.destroyed) source.once('drain', write);
    };
    write();
  });
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
  const { port } = server.address() as AddressInfo;
  const stop = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { port, stop };
}
