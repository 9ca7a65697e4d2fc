import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FileResultCache } from '../../../src/adapters/file-result-cache.ts';
import { LocalFileStore } from '../../../src/adapters/files/local-file-store.ts';
import { AppError } from '../../../src/errors/app-error.ts';
import type { TaskResult } from '../../../src/protocol/task-result.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = await temporaryFolder();
const cache = new FileResultCache(new LocalFileStore(folder));
const keyOf = (digit: string) => digit.repeat(64);
const pathOf = (key: string) => join(folder, key.slice(0, 2), `${key}.json`);

function result(task_key: string, change: Partial<TaskResult> = {}): TaskResult {
  return {
    version: 1,
    task_key,
    status: 'ok',
    text: 'a long text',
    frames_used: 2,
    model: 'm',
    usage: { prompt_tokens: 1, completion_tokens: 2 },
    finish_reason: 'stop',
    attempts: 1,
    duration_ms: 3,
    finished_at: '2026-01-01T00:00:00.000Z',
    error: null,
    ...change,
  };
}

describe('FileResultCache', () => {
  it('gives back what was put in', async () => {
    await cache.put(result(keyOf('a')));
    expect(await cache.get(keyOf('a'))).toEqual(result(keyOf('a')));
  });

  it('keeps no failures', async () => {
    await cache.put(result(keyOf('b'), { status: 'failed', text: null }));
    expect(await cache.get(keyOf('b'))).toBeNull();
  });

  it.each([
    { rule: 'an empty file', key: keyOf('2'), content: '' },
    { rule: 'half a file', key: keyOf('3'), content: JSON.stringify(result(keyOf('3'))).slice(0, 90) },
    { rule: "another task's answer", key: keyOf('4'), content: JSON.stringify(result(keyOf('a'))) },
    {
      rule: 'another version',
      key: keyOf('5'),
      content: JSON.stringify({ ...result(keyOf('5')), version: 2 }),
    },
  ])('takes $rule for no answer, and is mended by the next', async ({ key, content }) => {
    await cache.put(result(key));
    await writeFile(pathOf(key), content);
    expect(await cache.get(key)).toBeNull();
    await cache.put(result(key));
    expect(await cache.get(key)).toEqual(result(key));
  });

  it.each([
    { rule: 'that is a file', path: join(folder, 'file') },
    { rule: 'below a file', path: join(folder, 'file', 'below') },
  ])('in a folder $rule holds nothing, and harms nobody', async ({ path }) => {
    await writeFile(join(folder, 'file'), 'x');
    const broken = new FileResultCache(new LocalFileStore(path));
    await broken.put(result(keyOf('6')));
    expect(await broken.get(keyOf('6'))).toBeNull();
  });

  it('does not stumble over a folder in the place of an answer', async () => {
    await mkdir(pathOf(keyOf('7')), { recursive: true });
    expect(await cache.get(keyOf('7'))).toBeNull();
    await cache.put(result(keyOf('7')));
  });

  it.each([
    { rule: 'a full disk', error: new AppError({ code: 'disk-full', message: 'full' }) },
    {
      rule: 'a disk that fails',
      error: Object.assign(new Error('EIO'), { code: 'EIO', syscall: 'read' }),
    },
  ])('holds nothing on $rule', async ({ error }) => {
    const refuse = () => Promise.reject(error);
    const broken = new FileResultCache({ publish: refuse, read: refuse, list: refuse, remove: refuse });
    await broken.put(result(keyOf('8')));
    expect(await broken.get(keyOf('8'))).toBeNull();
  });

  it('hides no bug', async () => {
    await expect(cache.get('../../../x')).rejects.toThrow(RangeError);
  });
});
