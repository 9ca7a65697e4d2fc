import { describe, expect, it } from 'vitest';
import type { PlannedVideoTask } from '../../../../src/core/inference/inference-checkpoint.ts';
import type { InferenceEventBody } from '../../../../src/core/inference/inference-event.ts';
import {
  type InferenceOptions,
  inferenceSettingsFrom,
} from '../../../../src/core/inference/inference-settings.ts';
import { InferenceState } from '../../../../src/core/inference/inference-state.ts';
import { usualParameters } from '../../../../src/core/inference/parameters.ts';
import { resolveSettings } from '../../../../src/core/settings/resolve-settings.ts';
import type { PlannedSpec } from '../../../../src/core/upsample/upsample-plan.ts';
import { upsampleSettingsFrom } from '../../../../src/core/upsample/upsample-settings.ts';

const counts = { total: 0, made: 0, reused: 0, skipped: 0, failed: 0 };
const noPrompts = { total: 0, upsampled: 0, reused: 0, skipped: 0, failed: 0 };

function newState(
  names: readonly string[],
  options: Partial<InferenceOptions> = {},
  action: 'as-is' | 'skip' = 'as-is',
) {
  const defaults = resolveSettings([]);
  const flags = { writeBack: false, force: false, allowTextOnly: true };
  const upsample = upsampleSettingsFrom(defaults, { outputDir: '/out', host: 'local', workers: 1, ...flags });
  const settings = inferenceSettingsFrom(defaults, upsample, {
    ...{ stages: ['upsample', 'inference'], isReviewed: false, videosDir: '/videos', workers: 1 },
    ...{ isForced: false, only: [], skip: [], named: [] },
    ...options,
  });
  const specs = names.map(
    (spec): PlannedSpec => ({
      ...{ spec, name: spec, sha256: null, action, video: null, hint: null, tokens: null, failure: null },
      batch_id: action === 'skip' ? null : 0,
    }),
  );
  const videos = names.map(
    (spec): PlannedVideoTask => ({
      ...{
        video: `${spec}/v`,
        spec,
        run_spec: null,
        name: spec,
        negative_prompt: '',
        parameters: usualParameters,
      },
      ...{ source: null, controls: [], existing_sha256: null, warnings: [], failure: null, batch_id: 0 },
    }),
  );
  return new InferenceState({ specs, videos, settings });
}

const enriched = (spec: string): InferenceEventBody => ({
  ...{ type: 'task-finished', spec, task_key: 'k', output: '', is_reused: false, frames_used: 0, model: '' },
  ...{ actual_prompt: null, actual_output: null, attempts: 1, duration_ms: 1 },
});
const failedPrompt = (spec: string): InferenceEventBody => ({
  ...{
    type: 'task-failed',
    spec,
    task_key: 'k',
    attempts: 1,
    code: 'output-empty',
    message: '',
    next_step: '',
  },
});
const made = (spec: string): InferenceEventBody => ({
  ...{ type: 'video-finished', video: `${spec}/v`, task_key: 'k', output: '', is_reused: false, sha256: '' },
  ...{ size_bytes: 1, width: 1, height: 1, frames: 1, fps: 1, guardrails: 'on', controls: [], attempts: 1 },
  duration_ms: 1,
});
const lost = (spec: string): InferenceEventBody => ({
  ...{ type: 'video-failed', video: `${spec}/v`, task_key: 'k', attempts: 1, code: 'out-of-memory' },
  ...{ message: '', next_step: '' },
});
const started = (isResumed: boolean): InferenceEventBody => ({
  ...{ type: 'run-started', run_id: 'r', total: 0, is_resumed: isResumed },
});
const ended = (status: 'paused' | 'failed'): InferenceEventBody => ({
  ...{ type: 'run-finished', status, counts: { ...counts, prompts: noPrompts } },
});
const stage = (name: 'upsample' | 'inference'): InferenceEventBody => ({
  type: 'stage-started',
  stage: name,
});

describe('a run from prompts to videos', () => {
  it('counts what is pending in the stage that it works on', () => {
    const state = newState(['a', 'b', 'c']);
    expect([state.stage, state.pendingCount]).toEqual(['upsample', 3]);
    for (const event of [enriched('a'), failedPrompt('b'), enriched('c')]) state.apply(event);
    expect([state.pendingCount, state.nextStage]).toEqual([0, 'inference']);
    state.apply(stage('inference'));
    expect(state.pendingCount).toBe(2);
    state.apply(made('a'));
    expect(state.pendingCount).toBe(1);
    // The same event once more, and one of a video that is not in the plan, change nothing.
    state.apply(made('a'));
    state.apply(made('x'));
    expect(state.pendingCount).toBe(1);
    state.apply(lost('c'));
    expect([state.pendingCount, state.nextStage]).toEqual([0, null]);
    expect(state.counts).toMatchObject({ total: 3, made: 1, failed: 2 });
    expect([state.endStatus, state.isResumable]).toEqual(['partial', true]);
  });

  it('tries failures again: first the videos that there is a prompt for, then the prompts', () => {
    const state = newState(['a', 'b', 'c']);
    for (const event of [enriched('a'), failedPrompt('b'), enriched('c'), stage('inference')])
      state.apply(event);
    state.apply(lost('a'));
    state.reopenFailed();
    expect([state.pendingCount, state.nextStage]).toEqual([2, 'inference']);
    for (const event of [made('a'), made('c')]) state.apply(event);
    expect(state.nextStage).toBe('upsample');
    for (const event of [stage('upsample'), enriched('b'), stage('inference')]) state.apply(event);
    expect(state.pendingCount).toBe(1);
    state.apply(made('b'));
    expect([state.endStatus, state.isResumable]).toEqual(['complete', false]);
  });

  it('waits once for a person, also when it was killed before', () => {
    const state = newState(['a'], { isReviewed: true });
    for (const event of [started(false), ended('failed'), started(true), enriched('a')]) state.apply(event);
    expect([state.isPaused, state.endStatus]).toEqual([true, 'paused']);
    for (const event of [ended('paused')]) state.apply(event);
    expect(state.standing).toBe('paused');
    state.apply(started(true));
    expect([state.isPaused, state.nextStage]).toEqual([false, 'inference']);
  });

  it('takes specs that are enriched already straight to the model, but for those left out', () => {
    const state = newState(['a.json', 'b/c.json', 'b/d.json'], { skip: ['b'], only: ['*.json'] }, 'skip');
    expect([state.stage, state.pendingCount]).toEqual(['inference', 1]);
    expect(state.counts).toMatchObject({ total: 3, skipped: 2 });
    expect(state.taskCounts).toEqual({ done: 2, failed: 0, total: 3 });
  });
});
