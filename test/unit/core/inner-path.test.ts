import { describe, expect, it } from 'vitest';
import { inferenceCheckpointSchema } from '../../../src/core/inference/inference-checkpoint.ts';
import { inferenceEventBodySchema } from '../../../src/core/inference/inference-event.ts';
import { isInnerPath } from '../../../src/core/inner-path.ts';
import { batchIndexEntrySchema } from '../../../src/core/upsample/batch-index.ts';
import { upsampleEventBodySchema } from '../../../src/core/upsample/upsample-event.ts';
import { plannedSpecSchema } from '../../../src/core/upsample/upsample-plan.ts';
import { upscaleCheckpointSchema } from '../../../src/core/video/video-checkpoint.ts';
import { finalSchema, jobDataSchema } from '../../../src/protocol/queue.ts';
import { samplePlanned } from '../../support/sample-checkpoint.ts';
import { sampleUpscaleCheckpoint, sampleUpscalePlan } from '../../support/sample-upscale-plan.ts';

it.each([
  ['a.json', true],
  ['a/b c/提灯.json', true],
  ['a..b/..c/d...json', true],
  ['a\\b.json', true],
  ['.hidden', true],
  ['', false],
  ['.', false],
  ['..', false],
  ['a/../b', false],
  ['a//b', false],
  ['a/', false],
  ['/a', false],
  ['\\a', false],
  ['C:/a', false],
  ['c:\\a', false],
  ['a\\..\\b', false],
  ['..\\a', false],
  ['a\0b', false],
])('%j stays inside its folder: %s', (path, isInner) => expect(isInnerPath(path)).toBe(isInner));

describe('what names files in checkpoints, journals, jobs and exports', () => {
  const hex = 'a'.repeat(64);
  const issuesOf = (
    schema: {
      safeParse(value: unknown): { success: boolean; error?: { issues: { path: PropertyKey[] }[] } };
    },
    value: unknown,
  ) => schema.safeParse(value).error?.issues.map(({ path }) => path.join('.')) ?? [];

  it.each([
    ['a.json', {}, true],
    ['a.jsonl#3', { element: 3 }, true],
    ['a.json#v2', { variant: 2 }, true],
    ['../a.json', {}, false],
    ['..#1', { element: 1 }, false],
    ['..xx', { element: 1 }, false],
    ['a/..#v1', { variant: 1 }, false],
  ])('a spec %j %j: %s', (spec, more, isTaken) => {
    const planned = { ...samplePlanned('a.json'), spec, ...more };
    expect(plannedSpecSchema.safeParse(planned).success).toBe(isTaken);
    const entry = { custom_id: 'x', planned, hint: null, max_output_tokens: 1 };
    expect(batchIndexEntrySchema.safeParse(entry).success).toBe(isTaken);
  });

  it('a hint and a video by their content', () => {
    const hint = { sha256: hex, width: 2, height: 2, frames: 2, generated: true };
    const prepared = { type: 'task-prepared', spec: 'a.json', task_key: hex, hint };
    expect(issuesOf(upsampleEventBodySchema, prepared)).toEqual([]);
    const escaped = { ...prepared, hint: { ...hint, sha256: '../../x' } };
    expect(issuesOf(upsampleEventBodySchema, escaped)).toEqual(['hint.sha256']);
    expect(issuesOf(inferenceEventBodySchema, escaped)).toEqual(['hint.sha256']);
  });

  it('a video to be made, its RunSpec, its controls', () => {
    const found = issuesOf(inferenceCheckpointSchema, {
      videos: [
        {
          ...{ video: '../x', spec: '../x', run_spec: '../x', name: '../x' },
          controls: [{ kind: '../x', file: null, weight: 1 }],
        },
      ],
    });
    for (const name of ['video', 'spec', 'run_spec', 'name', 'controls.0.kind'])
      expect(found).toContain(`videos.0.${name}`);
  });

  it('a segment, a source and a model of a video', () => {
    const checkpoint = sampleUpscaleCheckpoint(sampleUpscalePlan());
    const [segment] = checkpoint.segments;
    const found = issuesOf(upscaleCheckpointSchema, {
      ...checkpoint,
      source: { ...checkpoint.source, sha256: '../x' },
      segments: [{ ...segment, task_key: '../x' }],
    });
    expect(found).toEqual(['source.sha256', 'segments.0.task_key']);
  });

  it('a job and the final video of a queue', () => {
    const job = { version: 1, run_id: 'run-1', job_id: 'run-1.0a' };
    expect(issuesOf(jobDataSchema, job)).toEqual([]);
    expect(issuesOf(jobDataSchema, { ...job, job_id: '../../x' })).toEqual(['job_id']);
    const final = { version: 1, file: { path: 'final/video.mp4', sha256: hex, size_bytes: 1 }, video: null };
    expect(issuesOf(finalSchema, final)).toEqual([]);
    for (const path of ['../x', 'final/../x', '/etc/passwd', 'objects/x'])
      expect(issuesOf(finalSchema, { ...final, file: { ...final.file, path } })).toEqual(['file.path']);
  });
});
