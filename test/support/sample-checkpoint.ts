import { resolveSettings } from '../../src/core/settings/resolve-settings.ts';
import type { UpsampleCheckpoint } from '../../src/core/upsample/upsample-checkpoint.ts';
import type { PlannedSpec } from '../../src/core/upsample/upsample-plan.ts';
import { upsampleSettingsFrom } from '../../src/core/upsample/upsample-settings.ts';

/** The checkpoint of a run of these specs, text-only and all in one batch. */
export function sampleCheckpoint(
  outputDir: string,
  change: Partial<UpsampleCheckpoint> = {},
): UpsampleCheckpoint {
  const settings = upsampleSettingsFrom(resolveSettings([]), {
    outputDir,
    host: 'local',
    workers: null,
    writeBack: false,
    force: false,
    allowTextOnly: true,
  });
  return {
    version: 1,
    kind: 'upsample',
    run_id: '20260110-093000-abcdef',
    tool_version: '0.1.0',
    created_at: '2026-01-10T09:30:00.000Z',
    input_root: '/in',
    inputs: ['/in'],
    settings,
    batches: [{ batch_id: 0, total_tokens: 100, specs: ['a.json', 'b/c.json'] }],
    specs: [samplePlanned('a.json'), samplePlanned('b/c.json')],
    ...change,
  };
}

/** A planned text-only spec. */
export function samplePlanned(spec: string): PlannedSpec {
  return {
    spec,
    name: spec,
    sha256: '0'.repeat(64),
    action: 'as-is',
    video: null,
    hint: null,
    tokens: { linear: 0, pixtral: 0, vision: 0, text: 10, total: 313 },
    failure: null,
    batch_id: 0,
  };
}
