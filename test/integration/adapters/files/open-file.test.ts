import { execFileSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readAtMost, readWhole } from '../../../../src/adapters/files/bounded-read.ts';
import { isSystemError } from '../../../../src/errors/system-error.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const folder = await temporaryFolder();
const file = join(folder, 'file');
await writeFile(file, 'content');
await mkdir(join(folder, 'sub'));
await symlink('file', join(folder, 'link'));
const isPosix = process.platform !== 'win32';

describe('a file from outside', () => {
  it('is read whole where it is not larger than it may be, and through a link', async () => {
    expect((await readAtMost(file, 7)).toString()).toBe('content');
    expect((await readWhole(join(folder, 'link'))).toString()).toBe('content');
    await expect(readAtMost(file, 6)).rejects.toThrow(RangeError);
    await expect(readAtMost(join(folder, 'none'), 6)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is no folder, and no link where links are not wanted', async () => {
    await expect(readWhole(join(folder, 'sub'))).rejects.toMatchObject({
      ...{ code: 'EISDIR', message: 'it is a folder' },
    });
    await expect(readWhole(join(folder, 'link'), { noFollow: true })).rejects.toMatchObject({
      ...{ code: 'ELOOP', message: 'it is a link, not a file' },
    });
    expect((await readWhole(file, { noFollow: true })).toString()).toBe('content');
  });

  it.runIf(isPosix)('is no pipe, socket or device, whether anybody ever writes to it or not', async () => {
    const [pipe, socket] = [join(folder, 'pipe'), join(folder, 'socket')];
    execFileSync('mkfifo', [pipe]);
    await using server = createServer();
    await new Promise<void>((listening) => server.listen(socket, listening));
    for (const [path, what] of [
      [pipe, 'a named pipe'],
      [socket, 'a socket'],
      ['/dev/zero', 'a terminal or another device'],
    ] as const) {
      const refusal = await readAtMost(path, 10, { takesShellPipe: true }).catch((error: unknown) => error);
      expect(refusal).toMatchObject({ message: `it is ${what}, not a file` });
      expect(isSystemError(refusal)).toBe(true);
    }
  });

  it.runIf(process.platform === 'linux')(
    'may be one of the kernel, which says that it is empty',
    async () => {
      expect((await readAtMost('/proc/self/status', 1 << 20)).length).toBeGreaterThan(100);
      await expect(readAtMost('/proc/self/status', 100)).rejects.toThrow(RangeError);
    },
  );
});
