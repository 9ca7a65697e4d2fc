import { describe, expect, it } from 'vitest';
import { columnsOf, fittedTable } from '../../../../src/output/text/columns.ts';
import { formatSettings } from '../../../../src/output/text/config-text.ts';
import { formatHosts } from '../../../../src/output/text/host-list-text.ts';
import { formatUnneeded } from '../../../../src/output/text/prune-text.ts';
import { formatQueue } from '../../../../src/output/text/queue-text.ts';
import { formatRemovable, formatRemovedRuns } from '../../../../src/output/text/removal-text.ts';
import { formatShownSpecs } from '../../../../src/output/text/show-text.ts';
import { createStyle } from '../../../../src/output/text/style.ts';

const style = createStyle(false);
const long = 'a-name-that-is-much-longer-than-any-terminal-would-want-to-show-in-one-of-its-columns';

function expectWithin(text: string, columns = 80): void {
  for (const line of text.split('\n')) expect(columnsOf(line), line).toBeLessThanOrEqual(columns);
}

describe('tables keep to 80 columns', () => {
  it('of settings', () => {
    const settings = [
      { name: `hosts.${long}.models_dir`, value: long, source: `/home/ada/${long}/config.toml` },
      { name: 'retry.max_attempts', value: 5, source: null },
    ];
    expectWithin(formatSettings(settings, style, 80));
    expect(formatSettings(settings, style)).toContain(long);
  });

  it('of hosts, with what to do about those that are not ready', () => {
    const host = { name: long, address: long, workers: 64, gpus: '0,1,2,3,4,5,6,7', pools: [long, 'farm'] };
    const text = formatHosts(
      [{ ...host, on_host: { state: 'prepared', images: [long], message: null } }],
      style,
      80,
    );
    expectWithin(text.split('\n\n')[0] ?? '');
    const unprepared = { state: 'not-prepared', images: [], message: null };
    const gpu1 = { name: 'gpu1', address: 'gpu1.example.org', workers: 1, gpus: 'all', pools: [] };
    expect(formatHosts([{ ...gpu1, on_host: unprepared }, gpu1], style, 80)).toContain(
      'Prepare it with: cosmos host prepare gpu1',
    );
    const refused = { state: 'refused', images: [], message: 'gpu1: no Docker daemon can be reached.' };
    expect(formatHosts([{ ...gpu1, on_host: refused }, gpu1], style, 80)).toMatch(
      / not checked\n[\s\S]*\n\ngpu1: no Docker daemon can be reached\.\n$/,
    );
  });

  it('of runs that are about to be removed', () => {
    const run = { run_id: '20260110-093000-12ca1b2c', status: 'complete', host: 'gpu1' };
    const listed = [
      { ...run, input: `/data/${long}.mp4`, folder: `/home/ada/${long}/checkpoints/${run.run_id}` },
    ];
    expectWithin(formatRemovable(listed, 80));
    const removed = [{ run_id: run.run_id, paths: ['/runs/one'], size_bytes: 2048 }];
    expect(formatRemovedRuns({ listed, removed })).toBe(
      'Removed 1 run (2.0 KiB):\n  /runs/one\nWhat is left of them on gpu1 is removed by: cosmos host prune gpu1\n',
    );
  });

  it('of a queue', () => {
    const worker = {
      name: long,
      slots: 2,
      kinds: ['upsample', 'upscale'],
      seen_at: '2026-01-10T09:30:00.000Z',
    };
    const queue = {
      ...{ queue: 'redis://store', store: '/mnt', is_paused: false },
      workers: [{ ...worker, doing: [{ run_id: `20260110-${long}`, kind: 'upscale' }], problem: null }],
      runs: [{ run_id: long, waiting: 3, active: 2, failed: 0, finished_tasks: 10_000, total_tasks: 10_005 }],
    };
    const nowMs = Date.parse('2026-01-10T09:31:00.000Z');
    expectWithin(formatQueue(queue, createStyle(false, 80), { nowMs, workerCommand: 'cosmos worker' }));
  });

  it('of what no run needs on a host', () => {
    const thing = {
      kind: 'run',
      name: long,
      size_bytes: 1234,
      reason: `it ended long ago (${long})`,
    } as const;
    expectWithin(formatUnneeded([thing], 'gpu1', createStyle(false, 80)));
  });

  it('of a spec before and after', () => {
    const tokens = { estimator: 'qwen2.5-vl', vision: 123_456, text: 1_234, output_reserved: 32_768 };
    const record = {
      ...{ run_id: 'run-1', engine: 'openai', model: 'a/model', frames_used: 16, finished_at: null },
      ...{ hint: { width: 1920, height: 1080, frames: 16 }, duration_ms: 1500 },
      tokens: { ...tokens, limit: 1_000_000, actual_prompt: 120_000, actual_output: 900 },
    };
    const prompt = `${'A harbour at dawn, thin fog over the water. '.repeat(9)}\nCranes.`;
    const spec = { spec: 'a.json', enriched_spec: 'out/a.json', before: prompt, after: prompt };
    const shown = [{ ...spec, negative_prompt: prompt, video: 'clip.mp4', record, planned: null }];
    expectWithin(formatShownSpecs(shown, style, 80));
    const planned = {
      ...{ hint: { width: 320, height: 180, frames: 2 }, message: null },
      ...{ estimator: 'qwen2.5-vl', output_reserved: 32_768, limit: 1_000_000 },
      tokens: { linear: 1, pixtral: 1, vision: 123_456, text: 1_234, total: 157_458 },
    };
    const open = formatShownSpecs(
      shown.map((each) => ({ ...each, after: null, record: null, planned })),
      style,
      80,
    );
    expectWithin(open);
    expect(open).toMatch(/To send +2 frames of 320x180\nTokens +123,456 vision/);
  });
});

it('a table without a width stays whole, and one that is too wide gives way in the order that was named', () => {
  const rows = [['abcdefghijklmno', 'abcdefghijklmno']];
  expect(fittedTable(rows, undefined, [0, 1])).toEqual(['abcdefghijklmno  abcdefghijklmno']);
  expect(fittedTable(rows, 26, [0, 1])).toEqual(['abcd…lmno  abcdefghijklmno']);
  expect(fittedTable(rows, 20, [0, 1])).toEqual(['ab…mno  abcde…jklmno']);
});
