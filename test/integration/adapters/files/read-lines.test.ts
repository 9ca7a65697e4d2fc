import { appendFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LocalSourceFiles } from '../../../../src/adapters/files/local-source-files.ts';
import { mostMemoryMib, runVictim } from '../../../support/hostile/victim.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const folder = await temporaryFolder();
const path = join(folder, 'answers.jsonl');

describe('a file that is read line by line', () => {
  it.each([
    ['', []],
    ['\n', ['']],
    ['a\nb', ['a', 'b']],
    ['a\r\n\r\nb\n', ['a', '', 'b']],
    [`${'x'.repeat(65_535)}\nö${'y'.repeat(200_000)}ü\n`, ['x'.repeat(65_535), `ö${'y'.repeat(200_000)}ü`]],
  ])('gives each of them, case %#', async (text, lines) => {
    await writeFile(path, text);
    expect(await Array.fromAsync(new LocalSourceFiles().lines(path))).toEqual(lines);
  });

  it.each(['lines', 'regionPlan'])('is not read further where a line does not end: %s', async (scene) => {
    await writeFile(path, '{\n"a":\n');
    await truncate(path, 2 ** 30);
    const { error, memoryMib } = await runVictim(scene, { path });
    const message = `${path} cannot be read: line 3 is longer than 16 MiB.`;
    expect(error).toMatchObject({ code: 'input-missing', message });
    expect(memoryMib).toBeLessThan(mostMemoryMib);
  });

  it('may have as many lines as it likes', async () => {
    await writeFile(path, '');
    for (let at = 0; at < 40; at += 1) await appendFile(path, 'a line of some answer\n'.repeat(50_000));
    const { value, memoryMib } = await runVictim('lines', { path });
    expect(value).toBe(2_000_000);
    expect(memoryMib).toBeLessThan(mostMemoryMib);
    const { error } = await runVictim('regionPlan', { path });
    expect(error?.message).toBe(`${path} is not a plan of regions: it is too large.`);
  });
});
