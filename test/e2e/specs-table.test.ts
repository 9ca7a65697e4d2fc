import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { clipThatClaims } from '../support/claimed-size.ts';
import { makeClip } from '../support/clips.ts';
import { Cli } from '../support/run-cli.ts';
import { sampleSpec, writeSpecs } from '../support/spec-builder.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** The table "What happens to a spec" of docs/specs.md, row by row, through the real program. */
const folder = await temporaryFolder();
const cli = new Cli(folder);
const specs = join(cli.workingFolder, 'specs');

interface Failure {
  spec: string;
  code: string;
  message: string;
  next_step: string;
}

interface Summary {
  status: string;
  counts: Record<'total' | 'upsampled' | 'reused' | 'skipped' | 'failed', number>;
  failures: Failure[];
}

async function upsample(...flags: string[]): Promise<{ code: number | null; summary: Summary }> {
  const end = await cli.run(['batch-upsample', 'specs', '--json', '--no-progress', ...flags]);
  return { code: end.code, summary: JSON.parse(end.stdout) as Summary };
}

beforeAll(async () => {
  await makeClip(join(specs, 'videos/small.mp4'), { width: 256, height: 144 });
  await makeClip(join(specs, 'videos/large.mp4'), { width: 1280, height: 720 });
  await makeClip(join(specs, 'videos/edge.mp4'), { width: 640, height: 360 });
  await writeFile(join(specs, 'videos/corrupt.mp4'), 'this is no video');
  const long = 'A very long description of one and the same street. '.repeat(500);
  await writeSpecs(specs, {
    'small.json': sampleSpec({ prompt: 'A small scene', input_video_path: 'videos/small.mp4' }),
    'large.json': sampleSpec({ prompt: 'A large scene', input_video_path: 'videos\\large.mp4' }),
    'sub/deep.json': sampleSpec({ prompt: 'A deep scene', input_video_path: 'videos/small.mp4' }),
    'missing.json': sampleSpec({ input_video_path: 'F:/Shots/street/color.mp4' }),
    'corrupt.json': sampleSpec({ input_video_path: 'videos/corrupt.mp4' }),
    'control.json': sampleSpec({
      prompt: 'A controlled scene',
      input_video_path: '',
      control_inputs: { depth: 'videos/none.mp4', edge: 'videos/edge.mp4' },
    }),
    'no_video.json': sampleSpec({ prompt: 'No video at all', input_video_path: '' }),
    'done.json': sampleSpec({
      prompt: 'Long text',
      is_upsampled: true,
      parent_prompt_text: 'A done scene',
      input_video_path: 'videos/small.mp4',
    }),
    'too_long.json': sampleSpec({ prompt: long, input_video_path: 'videos/small.mp4' }),
    'empty.json': '',
    'truncated.json': '{\n  "prompt": "A',
    'not_a_spec.json': '{"hello": ["world"]}',
    ps: '',
  });
});

describe('what happens to a spec', () => {
  it('with --auto-resize, each case as the table says', async () => {
    const { code, summary } = await upsample('--auto-resize');
    expect(code).toBe(3);
    expect(summary.status).toBe('partial');
    expect(summary.counts).toEqual({ total: 12, upsampled: 4, reused: 0, skipped: 1, failed: 7 });
    const codes = Object.fromEntries(summary.failures.map((failure) => [failure.spec, failure.code]));
    expect(codes).toEqual({
      'missing.json': 'video-unreadable',
      'corrupt.json': 'video-unreadable',
      'no_video.json': 'no-video',
      'too_long.json': 'prompt-too-long',
      'empty.json': 'spec-invalid',
      'truncated.json': 'spec-invalid',
      'not_a_spec.json': 'spec-invalid',
    });
    for (const failure of summary.failures) {
      expect(failure.message.length).toBeGreaterThan(10);
      expect(failure.next_step.length).toBeGreaterThan(10);
    }
    expect(summary.failures.find((failure) => failure.spec === 'truncated.json')?.message).toContain(
      'truncated.json:2',
    );
  });

  it('enriched specs lie under their own relative path and keep their source', async () => {
    const small = JSON.parse(await readFile(join(cli.outputFolder, 'small.json'), 'utf8'));
    const large = JSON.parse(await readFile(join(cli.outputFolder, 'large.json'), 'utf8'));
    const deep = JSON.parse(await readFile(join(cli.outputFolder, 'sub/deep.json'), 'utf8'));
    const control = JSON.parse(await readFile(join(cli.outputFolder, 'control.json'), 'utf8'));
    expect(small.metadata.upsampling.hint).toMatchObject({
      width: 256,
      height: 144,
      frames: 2,
      generated: false,
    });
    expect(large.metadata.upsampling.hint).toMatchObject({
      width: 320,
      height: 180,
      frames: 2,
      generated: true,
    });
    expect(large.metadata.upsampling.tokens).toMatchObject({
      estimator: 'linear',
      vision: 1992,
      output_reserved: 300,
      limit: 4096,
    });
    expect(control.metadata.upsampling).toMatchObject({ engine: 'describe', frames_used: 2 });
    expect(deep).toMatchObject({
      is_upsampled: true,
      parent_prompt_text: 'A deep scene',
      negative_prompt: 'blurry, low resolution',
    });
    expect(deep.prompt.startsWith('A deep scene')).toBe(true);
    expect(deep.id).toMatch(/^ps_[0-9a-f]{12}$/);
  });

  it('without --auto-resize, too large a video fails with estimate, limit and flag', async () => {
    const { summary } = await upsample('--no-auto-resize');
    const large = summary.failures.find((failure) => failure.spec === 'large.json');
    expect(large?.code).toBe('resolution-too-large');
    expect(large?.message).toMatch(/319\d\d|32\d\d\d/);
    expect(large?.message).toContain('4096');
    expect(large?.message).toContain('--auto-resize');
    expect(summary.counts).toMatchObject({ reused: 2, failed: 9 });
  });

  it('--allow-text-only enriches a spec without a video', async () => {
    const { summary } = await upsample('--allow-text-only');
    expect(summary.counts).toMatchObject({ upsampled: 1, reused: 4, failed: 6 });
    const text = JSON.parse(await readFile(join(cli.outputFolder, 'no_video.json'), 'utf8'));
    expect(text.metadata.upsampling).toMatchObject({ hint: null, frames_used: 0 });
  });

  it('--force does enriched specs again, from what the user wrote', async () => {
    const { summary } = await upsample('--force');
    expect(summary.counts).toMatchObject({ upsampled: 5, reused: 0, skipped: 0 });
    const done = JSON.parse(await readFile(join(cli.outputFolder, 'done.json'), 'utf8'));
    expect(done.parent_prompt_text).toBe('A done scene');
    expect(done.prompt.startsWith('A done scene')).toBe(true);
  });

  it('a video whose frames claim to be huge fails, and is not decoded', async () => {
    const huge = join(cli.workingFolder, 'huge');
    await writeSpecs(huge, { 'huge.json': sampleSpec({ input_video_path: 'huge.mkv' }) });
    await clipThatClaims(join(huge, 'huge.mkv'), { width: 12_000, height: 9_000 }, () => true);
    const end = await cli.run(['batch-upsample', 'huge', '--json', '--no-progress']);
    const { failures } = JSON.parse(end.stdout) as Summary;
    expect(failures).toMatchObject([
      {
        code: 'video-unreadable',
        message: expect.stringContaining('a frame of 12000x9000, and none larger than'),
      },
    ]);
  });

  it('--max-resolution auto gives the largest even size that fits', async () => {
    const end = await cli.run([
      'plan',
      'specs',
      '--json',
      '--max-resolution',
      'auto',
      '--estimator',
      'pixtral',
    ]);
    const plan = JSON.parse(end.stdout);
    const large = plan.specs.find((spec: { spec: string }) => spec.spec === 'large.json');
    expect(large.action).toBe('hint');
    expect(large.hint.width).toBeGreaterThan(640);
    expect(large.hint.width % 2).toBe(0);
    expect(large.tokens.total).toBeLessThanOrEqual(4096);
  });

  it('--write-back replaces the sources of what was enriched, and nothing else', async () => {
    const other = new Cli(join(folder, 'written-back'));
    const own = join(other.workingFolder, 'specs');
    await makeClip(join(own, 'clip.mp4'), { width: 256, height: 144 });
    await writeSpecs(own, {
      'a.json': sampleSpec({ shot: { seq: 12 } }),
      'b.json': sampleSpec({ input_video_path: 'gone.mp4' }),
    });
    const before = await readFile(join(own, 'b.json'), 'utf8');
    const end = await other.run(['batch-upsample', 'specs', '--write-back', '--no-progress']);
    expect(end.code).toBe(3);
    const written = await readFile(join(own, 'a.json'), 'utf8');
    expect(written).toBe(await readFile(join(other.outputFolder, 'a.json'), 'utf8'));
    expect(JSON.parse(written)).toMatchObject({ is_upsampled: true, shot: { seq: 12 } });
    expect(await readFile(join(own, 'b.json'), 'utf8')).toBe(before);
  });
});
