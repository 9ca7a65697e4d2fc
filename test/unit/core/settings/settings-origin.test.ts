import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { expect, it } from 'vitest';
import { resolveSettings } from '../../../../src/core/settings/resolve-settings.ts';
import { commentedOut, originsOf } from '../../../../src/core/settings/settings-origin.ts';

const packaged = readFileSync(join(import.meta.dirname, '../../../../config.toml'), 'utf8');

it('the settings to start from set nothing, and are the packaged ones without the #', () => {
  const text = commentedOut(packaged);
  expect(resolveSettings([{ source: 'a file', values: parse(text) }])).toEqual(resolveSettings([]));
  expect(originsOf(resolveSettings([]), [{ source: 'a file', values: parse(text) }])).not.toContainEqual(
    expect.objectContaining({ source: 'a file' }),
  );
  expect(text.replaceAll(/^# (?=\w+ = )/gm, '')).toBe(packaged.replaceAll(/^# (?=\w+ = )/gm, ''));
});

it('the strongest file that has a setting is its source, and secrets stay secret', () => {
  const command = [
    'serve',
    '--api-key',
    'hunter2',
    '--token=hunter2',
    '--max-tokens',
    '9',
    'PASSWORD=hunter2',
  ];
  const layers = [
    { source: 'user', values: { retry: { max_attempts: 3 }, upsampling: { batch_size: 4 } } },
    { source: 'project', values: { upsampling: { batch_size: 5, engine: { command } } } },
  ];
  const origins = originsOf(resolveSettings(layers), layers);
  const of = (name: string) => origins.find((each) => each.name === name);
  expect(of('upsampling.batch_size')).toMatchObject({ value: 5, source: 'project' });
  expect(of('retry.max_attempts')).toMatchObject({ value: 3, source: 'user' });
  expect(of('retry.max_delay_s')).toMatchObject({ source: null });
  expect(of('upsampling.engine.command')).toMatchObject({
    value: ['serve', '--api-key', '***', '--token=***', '--max-tokens', '9', 'PASSWORD=***'],
  });
  expect(JSON.stringify(origins)).not.toContain('hunter2');
});
