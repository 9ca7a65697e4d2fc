import { describe, expect, it } from 'vitest';
import { printableLines } from '../../../../src/core/printable.ts';
import { hostStatusDocument } from '../../../../src/output/json/host-status-document.ts';
import { formatChecks } from '../../../../src/output/text/checks-text.ts';
import { columnsOf } from '../../../../src/output/text/columns.ts';
import { bytesText } from '../../../../src/output/text/format.ts';
import { formatHostStatus } from '../../../../src/output/text/host-status-text.ts';
import { formatLogLines } from '../../../../src/output/text/log-text.ts';
import { formatPrepared } from '../../../../src/output/text/prepared-text.ts';
import { formatRemoved, formatUnneeded, type ListedThing } from '../../../../src/output/text/prune-text.ts';
import { formatRuns, type ListedRun } from '../../../../src/output/text/runs-text.ts';
import { createStyle } from '../../../../src/output/text/style.ts';
import type { ModelServerStatus } from '../../../../src/protocol/slot.ts';
import { sampleHostFacts } from '../../../support/memory-upkeep.ts';
import { workerStatus } from '../../../support/sample-worker-status.ts';

const style = createStyle(false);
const since = '2026-03-01T10:15:00.000Z';
const nowMs = Date.parse(since) + 37_000;

function engine(change: Partial<ModelServerStatus>): ModelServerStatus {
  const known = { model: 'org/model', since, expected_load_ms: 95_000, restarts: 0, message: null } as const;
  return { state: 'loading', ...known, ...change };
}

function slot(slotEngine: ModelServerStatus | null) {
  const status = workerStatus({ progress_percent: 42.5, completed_tasks: 16, failed_tasks: 1 });
  const runs = [{ run_id: 'run-7', status }];
  const slotStatus = { version: 1, slot_id: 0, started_at: since, runs, engine: slotEngine } as const;
  return { slotId: 0, state: 'running', container: 'cosmos-ab-slot-0', status: slotStatus } as const;
}

describe('formatHostStatus', () => {
  it('shows everything a host tells', () => {
    const gpus = [{ index: 0, name: 'NVIDIA H200', usedBytes: 35 * 1024 ** 3, totalBytes: 140 * 1024 ** 3 }];
    const text = formatHostStatus(sampleHostFacts({ gpus, slots: [slot(engine({}))] }), style, nowMs);
    expect(text.split('\n')).toEqual([
      'gpu1  ubuntu@203.0.113.7:22',
      '  Docker   27.3.1',
      '  Image    cosmos-upsampler:0.1.0  there',
      '  Disk     ████████████░░░░░░░░ 400 GiB free of 1000 GiB',
      '  GPU 0    █████░░░░░░░░░░░░░░░ 35.0 GiB used of 140 GiB  NVIDIA H200',
      '  Worker 0 running  cosmos-ab-slot-0  org/model loading 37 s of about 1 min 35 s',
      '           run run-7  processing  ████░░░░░░ 42.5 %, 16 done, 1 failed',
      '',
    ]);
  });

  it.each([
    { change: { expected_load_ms: null }, expected: 'org/model loading 37 s\n' },
    {
      change: { message: 'loading org/model: 40 s of about 95 s' },
      expected: '  loading org/model: 40 s of about',
    },
    { change: { state: 'ready' }, expected: 'org/model ready\n' },
    {
      change: { state: 'restarting', message: 'ended by SIGKILL' },
      expected: 'org/model restarting: ended by SIGKILL',
    },
    { change: { since: '2026-03-01T10:16:00.000Z' }, expected: 'loading 0.0 s of' },
  ] as const)('tells the engine: $expected', ({ change, expected }) => {
    expect(formatHostStatus(sampleHostFacts({ slots: [slot(engine(change))] }), style, nowMs)).toContain(
      expected,
    );
  });

  it('says how to make an image that is not there, and that no worker runs', () => {
    const image = { name: 'cosmos-upsampler:0.1.0', isPresent: false };
    const slots = [{ slotId: 0, state: 'absent', container: 'c', status: null }] as const;
    const text = formatHostStatus(sampleHostFacts({ image, slots }), style, nowMs);
    expect(text).toContain('not there; make it with: cosmos host prepare gpu1');
    expect(text).toContain('Workers  none');
  });

  it.each([
    { has: [true, true, false], expected: ['Image    u:1  there', '         v:1  there'] },
    { has: [false, true, true], expected: ['Image    v:1  there', '         w:1  there'] },
    {
      has: [false, false, false],
      expected: [
        'Image    u:1  not there; make it with: cosmos host prepare gpu1',
        '         v:1  not there; make it with: cosmos host prepare gpu1 --upscaler',
      ],
    },
  ])('shows the images that are there, or how to make one: $has', ({ has, expected }) => {
    const [image, upscalerImage, inferenceImage] = ['u:1', 'v:1', 'w:1'].map((name, at) => ({
      name,
      isPresent: has[at] === true,
    }));
    if (!image || !upscalerImage || !inferenceImage) return expect.unreachable();
    const images = { image, upscalerImage, inferenceImage };
    const text = formatHostStatus(sampleHostFacts({ ...images, disk: null }), style, nowMs);
    const lines = text.split('\n').filter((line) => line.includes(':1  '));
    expect(lines).toEqual(expected.map((line) => `  ${line}`));
  });

  it('lets no host write to the terminal', () => {
    const text = formatHostStatus(sampleHostFacts({ dockerVersion: '27\x1b[2J' }), style, nowMs);
    expect(text).not.toContain('\x1b');
  });

  it('has a JSON twin in snake_case', () => {
    const document = hostStatusDocument(sampleHostFacts({ slots: [slot(null)] }));
    expect(document).toMatchObject({
      version: 1,
      host: 'gpu1',
      docker_version: '27.3.1',
      image: { is_present: true },
      slots: [{ slot_id: 0, engine: null, runs: [{ run_id: 'run-7' }] }],
      disk: { free_bytes: 400 * 1024 ** 3 },
    });
  });
});

describe('pruning', () => {
  const thing = (kind: ListedThing['kind'], name: string, size: number | null): ListedThing => ({
    kind,
    name,
    size_bytes: size,
    reason: 'not needed',
  });

  it('lists runs before what they used, with what it adds up to', () => {
    const things = [
      thing('object', 'a'.repeat(64), 2048),
      thing('run', 'run-1', 1024),
      thing('image', 'old', null),
    ];
    expect(formatUnneeded(things, 'gpu1', style).split('\n')).toEqual([
      'run     run-1          1.0 KiB  not needed',
      'image   old            —        not needed',
      'object  aaaaaaaaaaaa…  2.0 KiB  not needed',
      '',
      'No run needs 1 run, 1 image and 1 object, 3.0 KiB on gpu1.',
      '',
    ]);
  });

  it('names twenty of a kind', () => {
    const things = Array.from({ length: 5_000 }, (_, index) => thing('object', `${index}`, 10));
    const lines = formatUnneeded(things, 'gpu1', style).split('\n');
    expect(lines).toHaveLength(24);
    expect(lines[20]).toBe('… and 4,980 objects, 48.6 KiB more');
  });

  it.each([
    { removed: 2, listed: 2, expected: 'Removed 2 runs, 20 B from gpu1.\n' },
    {
      removed: 1,
      listed: 2,
      expected: 'Removed 1 run, 10 B from gpu1. 1 thing kept: needed by now, or already gone.\n',
    },
    {
      removed: 0,
      listed: 1,
      expected: 'Nothing was removed from gpu1. 1 thing kept: needed by now, or already gone.\n',
    },
  ])('tells what was done: $removed of $listed', ({ removed, listed, expected }) => {
    const things = Array.from({ length: removed }, (_, index) => thing('run', `${index}`, 10));
    expect(formatRemoved(things, listed, 'gpu1')).toBe(expected);
  });
});

describe('formatRuns', () => {
  const run: ListedRun = {
    run_id: 'run-7',
    status: 'detached',
    created_at: since,
    input: '/home/ada/specs',
    host: 'gpu1',
    engine: 'openai',
    tasks: { done: 4, failed: 1, total: 9 },
  };

  const options = { runIds: [], more: 0, columns: undefined };

  it('always names the host, and what hosts say only where they were asked', () => {
    expect(formatRuns([run], style, options).split('\n').slice(0, 2)).toEqual([
      'RUN    STATUS    STARTED (UTC)     HOST  ENGINE  INPUT  DONE  FAILED',
      'run-7  detached  2026-03-01 10:15  gpu1  openai  specs  4/9   1',
    ]);
    const on_host = { state: 'running', finished_tasks: 6, total_tasks: 8, message: null };
    expect(
      formatRuns(
        [
          { ...run, on_host },
          { ...run, on_host: null },
        ],
        style,
        options,
      )
        .split('\n')
        .slice(0, 3),
    ).toEqual([
      expect.stringMatching(/FAILED {2}ON HOST$/),
      expect.stringMatching(/1 {7}running 6\/8$/),
      expect.stringMatching(/1 {7}—$/),
    ]);
  });

  it('fits 80 columns, with ids that are still unique, and all there is where no width is given', () => {
    const ids = ['20260301-101500-12ca1b2c', '20260301-101501-34ca1b2c', '20260228-081501-12ca1b2c'];
    const wide = {
      ...{ status: 'unfinished', input: '/data/a-scene-of-a-harbour-at-dawn-take-00218d08.mp4' },
      ...{ host: 'render-farm-of-the-studio', engine: 'describe' },
      tasks: { done: 99_876, failed: 12_345, total: 100_000 },
      on_host: { state: 'unreachable', finished_tasks: 99_876, total_tasks: 100_000, message: null },
    };
    const runs = ids.map((id) => ({ ...run, ...wide, run_id: id }));
    const lines = formatRuns(runs, style, { runIds: ids, more: 7, columns: 80 }).split('\n');
    for (const line of lines) expect(columnsOf(line)).toBeLessThanOrEqual(80);
    expect(lines[4]).toBe('and 7 older runs; --limit 0 lists them all');
    const shown = lines.slice(1, 4).map((line) => line.split(' ')[0] ?? '');
    expect(new Set(shown).size).toBe(3);
    expect(ids.map((id, index) => id.endsWith(shown[index] ?? ''))).toEqual([true, true, true]);
    expect(formatRuns(runs, style, { ...options, runIds: ids })).toContain(ids[0]);
  });

  it('says once why a host could not be asked', () => {
    const on_host = { state: 'unreachable', finished_tasks: null, total_tasks: null, message: 'no route' };
    const text = formatRuns(
      [
        { ...run, on_host },
        { ...run, on_host },
      ],
      style,
      options,
    );
    expect(text.match(/unreachable/g)).toHaveLength(2);
    expect(text.match(/gpu1: no route/g)).toHaveLength(1);
  });
});

it.each([
  { outcome: 'built', expected: 'is built on gpu1 in 3 min 5 s' },
  { outcome: 'present', expected: 'was on gpu1 already' },
] as const)('a prepared host: $outcome', ({ outcome, expected }) => {
  const facts = {
    host: 'gpu1',
    image: 'i:1',
    image_id: 'sha256:0123456789abcdef',
    duration_ms: 185_000,
    outcome,
  };
  const text = formatPrepared(facts, 'upsampler', style);
  expect(text).toContain(`✓ Image i:1 (0123456789ab) ${expected}.`);
  expect(text).toContain('Next:  cosmos batch-upsample ./specs --host gpu1');
  expect(formatPrepared(facts, 'upscaler', style)).toContain('--model model.onnx --host gpu1');
});

it('several workers are told apart, and no log writes to the terminal', () => {
  expect(formatLogLines(0, ['a\tb\r', 'c\x1b[31m'], 1)).toBe('a\tb\nc\\u001b[31m\n');
  expect(formatLogLines(3, ['a'], 2)).toBe('worker 3 | a\n');
});

it.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [1024 ** 2 * 812, '812 MiB'],
  [1.4 * 1024 ** 3, '1.4 GiB'],
])('%i bytes', (bytes, expected) => expect(bytesText(bytes)).toBe(expected));

it('counts no check that was skipped, and gives it no sign of success', () => {
  const none = { name: 'docker', status: 'failed', detail: 'none', fix: 'start it' } as const;
  const skipped = { name: 'gpus', status: 'skipped', detail: 'not checked', fix: null } as const;
  const shown = formatChecks([none, skipped], createStyle(false));
  expect(shown).toMatch(/^✗ docker {2}none\n.*\n– gpus {4}not checked\n\n1 to fix/);
});

it('lets no text of a host steer the terminal, and keeps lines apart', () => {
  expect(printableLines('a\x1b[2J\nb\r\nc\td')).toBe('a\\u001b[2J\nb\nc\td');
  const check = {
    name: 'Docker\x07',
    status: 'failed',
    detail: 'x\x1b[31m',
    fix: 'first\nsecond\x9b2J',
  } as const;
  const shown = formatChecks([check], createStyle(false));
  expect(shown.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  expect(shown).toContain('→ first\nsecond');
});
