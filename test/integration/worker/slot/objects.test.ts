import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { layout } from '../../../../src/protocol/layout.ts';
import { bundleOf, objectOf, randomObjects, SlotRig } from './slot-rig.ts';

let rig: SlotRig;

beforeAll(async () => {
  rig = new SlotRig();
  await rig.start();
});

afterAll(() => rig.close());

const uploads = () => readdirSync(join(rig.root, layout.incoming));
const temporary = () =>
  readdirSync(join(rig.root, layout.objects)).filter((name) => !/^[0-9a-f]{64}$/.test(name));
const contentOf = (sha256: string) => readFileSync(rig.objectPath(sha256));
const missing = async (sha256s: readonly string[]) =>
  (await rig.post('/missing_objects', { sha256s })).document.missing as string[];

describe('a bundle', () => {
  it('of objects of all sizes is unpacked, and left to its client', async () => {
    const sizes = [0, 1, 20_000, 0, 1024 * 1024, 1024 * 1024 + 1, 3_000_000, 7, 0];
    const objects = sizes.map((size) => objectOf(randomBytes(size)));
    const hashes = objects.map(({ sha256 }) => sha256);
    expect(new Set(await missing(hashes))).toEqual(new Set(hashes));
    const answer = await rig.post('/accept_bundle', { path: rig.upload('a.bundle', bundleOf(objects)) });
    expect([answer.status, answer.document]).toEqual([200, { accepted: objects.length }]);
    for (const { sha256, content } of objects) expect(contentOf(sha256).equals(content)).toBe(true);
    expect(await missing(hashes)).toEqual([]);
    expect(uploads()).toEqual(['a.bundle']);
    expect(temporary()).toEqual([]);
  });

  it('is unpacked beside others, also when they hold the same objects', async () => {
    const objects = randomObjects(200, 5_000);
    const paths = [0, 1, 2, 3].map((at) => rig.upload(`same-${at}.bundle`, bundleOf(objects)));
    const answers = await Promise.all(paths.map((path) => rig.post('/accept_bundle', { path })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    for (const { sha256, content } of objects) expect(contentOf(sha256).equals(content)).toBe(true);
  });

  it('leaves sound objects as they are, and repairs damaged ones', async () => {
    const objects = randomObjects(2, 100);
    const [sound, damaged] = objects.map(({ sha256 }) => rig.objectPath(sha256));
    await rig.post('/accept_bundle', { path: rig.upload('first', bundleOf(objects)) });
    writeFileSync(damaged ?? '', 'other bytes');
    const before = statSync(sound ?? '').ino;
    await rig.post('/accept_bundle', { path: rig.upload('second', bundleOf(objects)) });
    expect(statSync(sound ?? '').ino).toBe(before);
    expect(objects[1]?.content.equals(readFileSync(damaged ?? ''))).toBe(true);
  });

  it('with damaged objects brings the good ones, and none of the others', async () => {
    const objects = [...randomObjects(20, 1_000), objectOf(randomBytes(2_000_000))];
    const bundle = bundleOf(objects);
    const bad = [3, 20];
    for (const at of bad) {
      const sizes = objects.slice(at).reduce((sum, { content }) => sum + content.byteLength, 0);
      bundle[bundle.byteLength - sizes + 5] = (bundle[bundle.byteLength - sizes + 5] ?? 0) ^ 1;
    }
    const answer = await rig.post('/accept_bundle', { path: rig.upload('bad.bundle', bundle) });
    expect([answer.status, answer.code]).toEqual([422, 'object-damaged']);
    expect(answer.document.error.message).toContain('2 of 21');
    const hashes = objects.map(({ sha256 }) => sha256);
    expect(await missing(hashes)).toEqual(bad.map((at) => hashes[at]));
    expect(temporary()).toEqual([]);
  });

  const { sha256, content } = objectOf(Buffer.from('twelve bytes'));
  const header = (objects: unknown, version = 1) => `${JSON.stringify({ version, objects })}\n`;
  it.each([
    { rule: 'an empty file', bundle: '' },
    { rule: 'a header that is cut off', bundle: '{"version":1,"objects":[{"sha256":"' },
    { rule: 'a header that is no JSON', bundle: 'PK\u0003\u0004\n' },
    { rule: 'a header longer than any', bundle: ' '.repeat(5 * 1024 * 1024) },
    { rule: 'no objects', bundle: header([]) },
    { rule: 'another version', bundle: header([{ sha256, size_bytes: 12 }], 2) + content },
    { rule: 'a negative size', bundle: header([{ sha256, size_bytes: -12 }]) + content },
    { rule: 'half a byte', bundle: header([{ sha256, size_bytes: 11.5 }]) + content },
    { rule: 'a huge size', bundle: header([{ sha256, size_bytes: Number.MAX_SAFE_INTEGER }]) + content },
    {
      rule: 'a size past all numbers',
      bundle: '{"version":1,"objects":[{"sha256":"","size_bytes":1e999}]}\n',
    },
    {
      rule: 'a path for a hash',
      bundle: header([{ sha256: '../../../etc/passwd', size_bytes: 12 }]) + content,
    },
    {
      rule: 'contents in another order',
      bundle: `${bundleOf([{ sha256, content }, objectOf(Buffer.from('b'))]).subarray(0, -13)}b${content}`,
    },
    { rule: 'less than it says', bundle: header([{ sha256, size_bytes: 13 }]) + content },
    { rule: 'more than it says', bundle: header([{ sha256, size_bytes: 11 }]) + content },
    { rule: 'many objects and no bytes', bundle: header(Array(30_000).fill({ sha256, size_bytes: 12 })) },
  ])('is refused: $rule', async ({ bundle }) => {
    const before = readdirSync(join(rig.root, layout.objects)).length;
    const answer = await rig.post('/accept_bundle', { path: rig.upload('hostile', bundle) });
    expect([answer.status, answer.code]).toEqual([422, 'object-damaged']);
    expect(readdirSync(join(rig.root, layout.objects)).length).toBe(before);
  });
});

describe('a large object', () => {
  it('is copied and verified; asked again, all is well, also when the upload is gone', async () => {
    const { sha256, content } = objectOf(randomBytes(5_000_000));
    const path = rig.upload(`${sha256}.part`, content);
    const calls = [0, 1, 2].map(() => rig.post('/accept_object', { path, sha256 }));
    for (const { status, document } of await Promise.all(calls)) {
      expect([status, document]).toEqual([200, { accepted: 1 }]);
    }
    expect(contentOf(sha256).equals(content)).toBe(true);
    writeFileSync(join(rig.root, path), 'changed later');
    expect(contentOf(sha256).equals(content)).toBe(true);
    rmSync(join(rig.root, path));
    expect((await rig.post('/accept_object', { path, sha256 })).status).toBe(200);
    expect(temporary()).toEqual([]);
  });

  it('with other bytes than its hash says is refused', async () => {
    const { sha256 } = objectOf(randomBytes(10));
    const answer = await rig.post('/accept_object', { path: rig.upload('x', 'other'), sha256 });
    expect([answer.status, answer.code]).toEqual([422, 'object-damaged']);
    expect([await missing([sha256]), temporary()]).toEqual([[sha256], []]);
  });
});

describe('missing objects', () => {
  const change = {
    'cut off': (path: string) => truncateSync(path, 10),
    'overwritten with as many bytes': (path: string) => writeFileSync(path, randomBytes(1_000)),
    'overwritten within the same second': (path: string) => {
      const { atime, mtime } = statSync(path);
      writeFileSync(path, randomBytes(1_000));
      utimesSync(path, atime, new Date(Math.floor(mtime.getTime() / 1000) * 1000));
    },
  };
  it.each(Object.entries(change))('are those that are %s, and these are removed', async (_, damage) => {
    const [object] = randomObjects(1, 1_000);
    const hash = object?.sha256 ?? '';
    await rig.post('/accept_object', { path: rig.upload('o', object?.content ?? ''), sha256: hash });
    expect(await missing([hash, hash])).toEqual([]);
    damage(rig.objectPath(hash));
    expect(await missing([hash, hash])).toEqual([hash]);
    expect(existsSync(rig.objectPath(hash))).toBe(false);
  });

  it('are links and folders, wherever they lead', async () => {
    const [linked, folder] = randomObjects(2, 50);
    writeFileSync(join(rig.root, 'elsewhere'), linked?.content ?? '');
    symlinkSync(join(rig.root, 'elsewhere'), rig.objectPath(linked?.sha256 ?? ''));
    mkdirSync(rig.objectPath(folder?.sha256 ?? ''));
    const hashes = [linked?.sha256 ?? '', folder?.sha256 ?? ''];
    expect(new Set(await missing(hashes))).toEqual(new Set(hashes));
    expect(existsSync(join(rig.root, 'elsewhere'))).toBe(true);
  });

  it('are not those that are old: these become young, and need no second reading', async () => {
    const objects = randomObjects(2, 1_000);
    const hashes = objects.map(({ sha256 }) => sha256);
    await rig.post('/accept_bundle', { path: rig.upload('ages', bundleOf(objects)) });
    const [path, other] = hashes.map((sha256) => rig.objectPath(sha256));
    for (const round of ['verified anew', 'remembered']) {
      utimesSync(path ?? '', new Date(0), new Date(0));
      const before = statSync(other ?? '').mtimeMs;
      expect(await missing(hashes), round).toEqual([]);
      expect(Date.now() - statSync(path ?? '').mtimeMs, round).toBeLessThan(60_000);
      expect(statSync(other ?? '').mtimeMs, round).toBe(before);
    }
  });

  it('are told apart from 200,000 at once', async () => {
    const hashes = Array.from({ length: 200_000 }, (_, at) =>
      createHash('sha256').update(`number ${at}`).digest('hex'),
    );
    expect((await missing(hashes)).length).toBe(200_000);
  });
});

describe('requests', () => {
  const hash = 'a'.repeat(64);
  beforeAll(() => {
    rig.upload('good', 'good');
    mkdirSync(join(rig.root, layout.incoming, 'folder'));
    symlinkSync('/etc/passwd', join(rig.root, layout.incoming, 'link'));
    execFileSync('mkfifo', [join(rig.root, layout.incoming, 'pipe')]);
  });

  it.each([
    { rule: 'an unknown path', path: '/nothing', body: {}, status: 404 },
    { rule: 'a run id that is a path', path: '/open_run', body: { run_id: '../../x' }, status: 400 },
    { rule: 'no run id', path: '/open_run', body: {}, status: 400 },
    { rule: 'a run id that is a list', path: '/open_run', body: { run_id: ['run-1'] }, status: 400 },
    { rule: 'what is no hash', path: '/missing_objects', body: { sha256s: ['A'.repeat(64)] }, status: 400 },
    {
      rule: 'too many hashes',
      path: '/missing_objects',
      body: { sha256s: Array(200_001).fill(hash) },
      status: 400,
    },
    { rule: 'a body too large', path: '/missing_objects', body: 'x'.repeat(17 * 1024 * 1024), status: 413 },
    { rule: 'another folder', path: '/accept_bundle', body: { path: 'objects/good' }, status: 403 },
    { rule: 'dots', path: '/accept_bundle', body: { path: 'incoming/../slots/slot_0.json' }, status: 403 },
    { rule: 'a folder below', path: '/accept_bundle', body: { path: 'incoming/folder/x' }, status: 403 },
    {
      rule: 'an absolute path',
      path: '/accept_object',
      body: { path: '/etc/passwd', sha256: hash },
      status: 403,
    },
    {
      rule: 'a name of dots',
      path: '/accept_object',
      body: { path: 'incoming/..', sha256: hash },
      status: 403,
    },
    {
      rule: 'a zero byte',
      path: '/accept_object',
      body: { path: 'incoming/a\0b', sha256: hash },
      status: 403,
    },
    { rule: 'a link', path: '/accept_object', body: { path: 'incoming/link', sha256: hash }, status: 403 },
    {
      rule: 'a folder',
      path: '/accept_object',
      body: { path: 'incoming/folder', sha256: hash },
      status: 400,
    },
    { rule: 'a pipe', path: '/accept_object', body: { path: 'incoming/pipe', sha256: hash }, status: 400 },
    {
      rule: 'what is not there',
      path: '/accept_object',
      body: { path: 'incoming/no', sha256: hash },
      status: 404,
    },
    { rule: 'no hash', path: '/accept_object', body: { path: 'incoming/good' }, status: 400 },
    { rule: 'a negative drain', path: '/shutdown', body: { drain_ms: -1 }, status: 400 },
  ])('with $rule are refused: $status', async ({ path, body, status }) => {
    const answer = await rig.post(path, body);
    expect(answer.status).toBe(status);
    expect(answer.document.error.message.length).toBeLessThan(2_000);
    expect(existsSync(join(rig.root, layout.incoming, 'good'))).toBe(true);
  });

  it.each(['GET', 'DELETE'])('by %s where only POST is known are refused', async (method) => {
    expect((await rig.call(method, '/open_run')).status).toBe(405);
  });
});

it('unpacks 5,000 objects of 20 kB from bundles that come at once', async () => {
  const bundles = [0, 1, 2, 3, 4].map(() => randomObjects(1_000, 20_000));
  const paths = bundles.map((objects, at) => rig.upload(`b${at}`, bundleOf(objects)));
  await Promise.all(paths.map((path) => rig.post('/accept_bundle', { path })));
  const hashes = bundles.flat().map(({ sha256 }) => sha256);
  expect(await missing(hashes)).toEqual([]);
});
