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
const origin = {
  ...{ engine: 'openai', model: 'm', base_url: 'http://server/v1', host: 'gpu1' },
  ...{ tool_version: '0.1.0', stored_at: '2026-01-01T00:00:00.000Z' },
};
const asked = {
  engine: 'openai',
  model: 'm',
  base_url: 'http://server/v1',
  hosts: ['gpu1,gpu2', 'gpu1', 'gpu2'],
};
const entry = (of: TaskResult, change: object = {}) =>
  JSON.stringify({ version: 1, origin, result: of, ...change });
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
    await cache.put(result(keyOf('a')), origin);
    expect(await cache.get(keyOf('a'), asked)).toEqual({ result: result(keyOf('a')), origin });
  });

  it.each([
    { rule: 'another host', change: { hosts: ['local'] } },
    { rule: 'another server', change: { base_url: 'http://other/v1' } },
    { rule: 'no server', change: { base_url: null } },
  ])('gives an answer to a run on $rule only where the user shares them', async ({ change }) => {
    await cache.put(result(keyOf('e')), origin);
    const other = { ...asked, ...change };
    expect(await cache.get(keyOf('e'), other)).toBeNull();
    const shared = new FileResultCache(new LocalFileStore(folder), { isShared: true });
    expect(await shared.get(keyOf('e'), other)).toEqual({ result: result(keyOf('e')), origin });
    for (const engine of [{ engine: 'describe' }, { model: 'n' }])
      expect(await shared.get(keyOf('e'), { ...other, ...engine })).toBeNull();
  });

  it('keeps what each host and server said when a run changes between them', async () => {
    const key = keyOf('f');
    const shared = new FileResultCache(new LocalFileStore(folder), { isShared: true });
    const elsewhere = { ...origin, base_url: 'http://other/v1', host: 'local' };
    const askedThere = { ...asked, base_url: 'http://other/v1', hosts: ['local'] };
    const answers = [
      { result: result(key, { text: 'of gpu1' }), from: origin },
      { result: result(key, { text: 'of here' }), from: elsewhere },
      { result: result(key, { text: 'of gpu1 again' }), from: origin },
    ];
    for (const { result, from } of answers) await cache.put(result, from);
    expect(await cache.get(key, asked)).toMatchObject({ result: { text: 'of gpu1 again' } });
    expect(await cache.get(key, askedThere)).toMatchObject({ result: { text: 'of here' } });
    expect(await cache.get(key, { ...asked, hosts: ['gpu2'] })).toBeNull();
    const third = { ...asked, hosts: ['gpu3'] };
    for (const of of [third, null])
      expect(await shared.get(key, of)).toMatchObject({ result: { text: 'of gpu1 again' } });
  });

  it('keeps no failures', async () => {
    await cache.put(result(keyOf('b'), { status: 'failed', text: null }), origin);
    expect(await cache.get(keyOf('b'), asked)).toBeNull();
  });

  it.each([
    { rule: 'an empty file', key: keyOf('2'), content: '' },
    { rule: 'half a file', key: keyOf('3'), content: entry(result(keyOf('3'))).slice(0, 90) },
    { rule: "another task's answer", key: keyOf('4'), content: entry(result(keyOf('a'))) },
    {
      rule: 'another version',
      key: keyOf('5'),
      content: entry(result(keyOf('5')), { version: 2 }),
    },
    {
      rule: 'an answer that does not say where it is from',
      key: keyOf('9'),
      content: JSON.stringify(result(keyOf('9'))),
    },
    {
      rule: 'an answer of impossible facts',
      key: keyOf('c'),
      content: entry(result(keyOf('c'), { attempts: -1 })),
    },
    {
      rule: 'a file of many megabytes',
      key: keyOf('d'),
      content: entry(result(keyOf('d'), { text: 'x'.repeat(6_000_000) })),
    },
  ])('takes $rule for no answer, and is mended by the next', async ({ key, content }) => {
    await cache.put(result(key), origin);
    await writeFile(pathOf(key), content);
    expect(await cache.get(key, asked)).toBeNull();
    await cache.put(result(key), origin);
    expect(await cache.get(key, asked)).toEqual({ result: result(key), origin });
  });

  it.each([
    { rule: 'that is a file', path: join(folder, 'file') },
    { rule: 'below a file', path: join(folder, 'file', 'below') },
  ])('in a folder $rule holds nothing, and harms nobody', async ({ path }) => {
    await writeFile(join(folder, 'file'), 'x');
    const broken = new FileResultCache(new LocalFileStore(path));
    await broken.put(result(keyOf('6')), origin);
    expect(await broken.get(keyOf('6'), asked)).toBeNull();
  });

  it('does not stumble over a folder in the place of an answer', async () => {
    await mkdir(pathOf(keyOf('7')), { recursive: true });
    expect(await cache.get(keyOf('7'), asked)).toBeNull();
    await cache.put(result(keyOf('7')), origin);
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
    await broken.put(result(keyOf('8')), origin);
    expect(await broken.get(keyOf('8'), asked)).toBeNull();
  });

  it('hides no bug', async () => {
    await expect(cache.get('../../../x', asked)).rejects.toThrow(TypeError);
  });
});
