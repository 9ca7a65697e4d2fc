import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { RotatingLog } from '../../../../src/worker/program/rotating-log.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

it('keeps the latest lines in two files of bounded size, and goes on where an earlier process stopped', async () => {
  const path = join(await temporaryFolder(), 'logs', 'engine.log');
  for (let part = 0; part < 10; part += 1) {
    const log = new RotatingLog(path, 100);
    for (let line = 0; line < 10; line += 1) log.add(`${part} ${line} ${'x'.repeat(5)}`);
    await log.close();
  }
  const [older, newer] = [`${path}.1`, path].map((file) => readFileSync(file, 'utf8'));
  expect(newer?.endsWith(`9 9 xxxxx\n`)).toBe(true);
  expect(`${older}${newer}`.length).toBeLessThanOrEqual(300);
});

it('loses lines where the disk cannot take them, and nothing else', async () => {
  const folder = await temporaryFolder();
  writeFileSync(join(folder, 'file'), '');
  const log = new RotatingLog(join(folder, 'file', 'engine.log'), 100);
  log.add('lost');
  await log.close();
  expect(existsSync(join(folder, 'file', 'engine.log'))).toBe(false);
});
