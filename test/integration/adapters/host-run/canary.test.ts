import { chmod, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type CanaryFacts,
  canaryDifference,
  makeCanary,
  usualCanary,
} from '../../../../src/adapters/host-run/canary.ts';
import { LocalHost } from '../../../../src/adapters/local-host/local-host.ts';
import { systemClock } from '../../../../src/adapters/system-clock.ts';
import type { Clip, UpscalerSpec } from '../../../../src/protocol/segment.ts';
import { workerProgram } from '../../../support/worker-rig.ts';

const clip: Clip = {
  source: '0'.repeat(64),
  stream: 3,
  is_turned: true,
  frame: { width: 640, height: 360, pixel_format: 'yuv420p' },
  target: { width: 1280, height: 720, pixel_format: 'yuv420p' },
  frame_rate: { numerator: 24, denominator: 1 },
  time_base: { numerator: 1, denominator: 1000 },
  sample_aspect: { numerator: 4, denominator: 3 },
  color: { range: 'tv', space: 'bt709', primaries: null, transfer: null, chroma_location: 'left' },
};
const engine: UpscalerSpec = {
  ...{ kind: 'lanczos', scale: 2, batch_size: 4, lanes: 1, is_lane_count_open: false, tile: 0, model: null },
  encoding: { crf: 18, preset: 'medium', threads: 2, is_cpu_independent: true },
};

describe('the canary', () => {
  const roots: string[] = [];
  const usualProgram = process.env['FFMPEG_PATH'];
  let usual: CanaryFacts;

  beforeAll(async () => {
    usual = await canaryOf('');
  });
  afterAll(async () => {
    if (usualProgram === undefined) delete process.env['FFMPEG_PATH'];
    else process.env['FFMPEG_PATH'] = usualProgram;
    for (const root of roots) await rm(root, { recursive: true, force: true, maxRetries: 5 });
  });

  /** What a machine makes whose x264 has these further options. */
  async function canaryOf(options: string): Promise<CanaryFacts> {
    const root = await realpath(await mkdtemp(join(tmpdir(), 'cc-')));
    roots.push(root);
    const program = join(root, 'ffmpeg');
    const script = [
      '#!/bin/bash',
      `exec ${usualProgram ?? 'ffmpeg'} "\${@/#cpu-independent=1/cpu-independent=1${options}}"`,
    ];
    await writeFile(program, `${script.join('\n')}\n`);
    await chmod(program, 0o755);
    process.env['FFMPEG_PATH'] = program;
    const host = new LocalHost({ root, workerProgram, clock: systemClock });
    const run = await host.openRun('canary', { workers: 1 });
    try {
      return await makeCanary(run, clip, engine, { clock: systemClock, signal: AbortSignal.timeout(60_000) });
    } finally {
      await run.stop(0);
      await run.close();
    }
  }

  it('is the same bytes on every machine, whatever instructions its CPU has', async () => {
    expect(await canaryOf(':asm=0')).toEqual(usual);
    expect(usual.encoder).toMatch(/^x264 core \d+/);
  });

  it.each([
    { what: 'other parameter sets', options: ':ref=1', reason: /parameter sets/ },
    { what: 'other pictures', options: ':aq-strength=0.2', reason: /pictures differ/ },
  ])('shows $what', async ({ options, reason }) => {
    const other = await canaryOf(options);
    expect(canaryDifference(usual, other, { model: null })).toMatch(reason);
    expect(canaryDifference(other, other, { model: null })).toBeNull();
    expect(usualCanary([other, usual, usual])).toBe(usual);
    expect(usualCanary([other, usual])).toBe(other);
  });

  it('lets models show other pictures, and no other form', () => {
    const form = { ...usual, sha256: '1'.repeat(64), frames: 'others' };
    expect(canaryDifference(usual, form, { model: 'a'.repeat(64) })).toBeNull();
    expect(
      canaryDifference(usual, { ...form, encoder: 'x264 core 155' }, { model: 'a'.repeat(64) }),
    ).toContain('x264 core 155');
    expect(
      canaryDifference(usual, { ...form, parameterSets: 'others' }, { model: 'a'.repeat(64) }),
    ).not.toBeNull();
  });
});
