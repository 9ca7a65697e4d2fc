import { createHash } from 'node:crypto';
import { open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeFilm } from '../support/film.ts';
import { Cli } from '../support/run-cli.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let segments = 0;
let cli: Cli;
let folder = '';
let source = '';
let wanted = '';

beforeAll(async () => {
  folder = await temporaryFolder();
  cli = new Cli(folder);
  source = await makeFilm(folder, 'film.mkv', { seconds: 12, width: 64, height: 36 });
  const whole = join(folder, 'whole.mkv');
  const end = await cli.run([...argumentsFor(whole), '--json']);
  segments = JSON.parse(end.stdout).counts.segments;
  expect(segments).toBeGreaterThan(1);
  wanted = await hashOf(whole);
});

describe('a run that was stopped, and damaged before it goes on', () => {
  it('makes segments again that were damaged or removed', async () => {
    const output = join(folder, 'segments.mkv');
    const { child, ended } = await cli.start([...argumentsFor(output), '--events', '-']);
    let seen = 0;
    child.stdout?.on('data', (lines: string) => {
      seen += lines.split('segment-finished').length - 1;
      if (seen === segments) child.kill('SIGKILL');
    });
    await ended;
    const made = join(await lastRun(), 'segments');
    await flip(join(made, 'segment_000000.mp4'));
    await rm(join(made, 'segment_000001.mp4'));
    await expectHealed(output, 'made again');
  });

  it.each([
    { what: 'removed', damage: rm },
    { what: 'changed', damage: flip },
  ])('makes the video anew when the unfinished one was $what', async ({ what, damage }) => {
    const output = join(folder, `${what}.mkv`);
    await runUntilInTheWay(output);
    const parts = (await readdir(folder)).filter((name) => name.endsWith('.cosmos-part'));
    expect(parts).toHaveLength(1);
    await damage(join(folder, parts[0] ?? ''));
    await expectHealed(output, `${segments} segments made again.`);
    const kinds = (await readFile(join(await lastRun(), 'journal.jsonl'), 'utf8')).match(/"segment-lost"/g);
    expect(kinds).toHaveLength(segments);
  });
});

function argumentsFor(output: string): string[] {
  return ['upscale', source, '-o', output, '--preset', 'ultrafast', '--workers', '2'];
}

/** Runs to the end, where a file in the way keeps the video from getting its name. */
async function runUntilInTheWay(output: string): Promise<void> {
  const { child, ended } = await cli.start([...argumentsFor(output), '--events', '-']);
  child.stdout?.once('data', () => void writeFile(output, 'in the way'));
  expect((await ended).stderr).toContain('already exists');
  expect(await readFile(output, 'utf8')).toBe('in the way');
  await rm(output);
}

async function expectHealed(output: string, notice: string): Promise<void> {
  const { code, stderr } = await cli.run(['upscale', '--resume', 'latest']);
  expect(stderr).toContain(notice);
  expect(code).toBe(0);
  expect(await hashOf(output)).toBe(wanted);
  expect((await readdir(dirname(output))).filter((name) => name.endsWith('.cosmos-part'))).toEqual([]);
}

async function lastRun(): Promise<string> {
  const { stdout } = await cli.run(['runs', '--json']);
  const [{ folder: path }] = JSON.parse(stdout).runs;
  return path;
}

async function hashOf(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

/** Changes a byte in the middle. */
async function flip(path: string): Promise<void> {
  await using file = await open(path, 'r+');
  const middle = Math.floor((await file.stat()).size / 2);
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, middle);
  await file.write(Buffer.of((byte[0] ?? 0) ^ 0x55), 0, 1, middle);
}
