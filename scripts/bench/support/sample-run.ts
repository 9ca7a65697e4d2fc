import { createHash } from 'node:crypto';
import { checkpointVersion } from '../../../src/core/run/run-format.ts';
import { resolveSettings } from '../../../src/core/settings/resolve-settings.ts';
import type { UpsampleCheckpoint } from '../../../src/core/upsample/upsample-checkpoint.ts';
import type { UpsampleEventBody } from '../../../src/core/upsample/upsample-event.ts';
import type { PlannedSpec } from '../../../src/core/upsample/upsample-plan.ts';
import { upsampleSettingsFrom } from '../../../src/core/upsample/upsample-settings.ts';

/** A checkpoint as a run of `count` specs writes it. */
export function sampleCheckpoint(runId: string, count: number, outputDir: string): UpsampleCheckpoint {
  const specs = Array.from({ length: count }, (_, index) => plannedSpec(index));
  return {
    version: checkpointVersion,
    kind: 'upsample',
    run_id: runId,
    tool_version: '0.1.0',
    created_at: '2026-01-10T09:30:00.000Z',
    input_root: '/specs',
    inputs: ['/specs'],
    settings: upsampleSettingsFrom(resolveSettings([]), {
      outputDir,
      host: 'local',
      workers: null,
      writeBack: false,
      force: false,
      allowTextOnly: false,
    }),
    batches: Array.from({ length: Math.ceil(count / 10) }, (_, batch) => ({
      batch_id: batch,
      total_tokens: 23_360,
      specs: specs.slice(10 * batch, 10 * batch + 10).map((spec) => spec.spec),
    })),
    specs,
  };
}

/** What a run notes about a spec that goes well, and whose enriched form lies at `output`. */
export function finishedEvents(spec: string, output: string): readonly UpsampleEventBody[] {
  const taskKey = createHash('sha256').update(spec).digest('hex');
  const hint = { sha256: taskKey, width: 320, height: 180, frames: 2, generated: true };
  return [
    { type: 'task-prepared', spec, task_key: taskKey, hint },
    {
      type: 'task-finished',
      spec,
      task_key: taskKey,
      output,
      is_reused: false,
      frames_used: 2,
      model: 'stand-in',
      actual_prompt: 552,
      actual_output: 117,
      attempts: 1,
      duration_ms: 812,
      answer_mark: { text: taskKey.slice(0, 16), input: taskKey.slice(16, 32) },
    },
  ];
}

function plannedSpec(index: number): PlannedSpec {
  return {
    spec: nameOf(index),
    name: `shot ${index}`,
    sha256: createHash('sha256').update(String(index)).digest('hex'),
    action: 'hint',
    video: {
      path: `/videos/clip-${index % 12}.mp4`,
      width: 1280,
      height: 720,
      frames: 60,
      duration_seconds: 2,
      frame_rate: 30,
      size_bytes: 1_234_567,
      modified_ms: 1_767_000_000_000,
    },
    hint: { width: 320, height: 180, frames: 2 },
    tokens: { linear: 1992, pixtral: 504, vision: 1992, text: 41, total: 2336 },
    failure: null,
    batch_id: Math.floor(index / 10),
  };
}

export const specsInFolder = 1_000;

/** A spec's path in its input folder. */
export function nameOf(index: number): string {
  return `${String(Math.floor(index / specsInFolder)).padStart(3, '0')}/spec-${index}.json`;
}
