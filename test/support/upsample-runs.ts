import { resolveSettings } from '../../src/core/settings/resolve-settings.ts';
import { type UpsampleCheckpoint, upsampleFormat } from '../../src/core/upsample/upsample-checkpoint.ts';
import type { Ports } from '../../src/ports/ports.ts';
import type { UpsampleObserver } from '../../src/ports/run-observer.ts';
import type { RunStore } from '../../src/ports/run-store.ts';
import { resumeRun, type SettingsOver } from '../../src/services/runs/resume-run.ts';
import type { RunKind, RunKinds, RunTypes } from '../../src/services/runs/run-kind.ts';
import { resumeUpsampleOptions } from '../../src/services/upsample/resume-upsample.ts';
import { upsampleKind } from '../../src/services/upsample/upsample-kind.ts';
import { upscaleKind } from '../../src/services/upscale/upscale-kind.ts';

/** The kinds of runs that the program has. */
export const kinds: RunKinds = new Map<string, RunKind<RunTypes>>([
  [upsampleKind.format.kind, upsampleKind],
  [upscaleKind.format.kind, upscaleKind],
]);

/** The runs of a store that enrich specs. */
export function upsampleRuns(store: RunStore) {
  return {
    create: (checkpoint: UpsampleCheckpoint) => store.create(upsampleFormat, checkpoint),
    open: (reference: string) => store.open(upsampleFormat, reference),
    read: (reference: string) => store.read(upsampleFormat, reference),
    owner: (reference: string) => store.owner(reference),
    locate: (reference: string) => store.locate(reference),
    list: () => store.list(),
  };
}

/** Goes on with the latest run that enriches specs, or another one. */
export async function resumeUpsample(
  request: {
    readonly reference?: string;
    /** What `config.toml` says by now. */
    readonly values?: object;
    readonly host?: string;
    readonly isDetached?: boolean;
  },
  ports: Ports,
  observer: UpsampleObserver,
  signal: AbortSignal,
) {
  const { reference = 'latest', values = {}, host, isDetached = false } = request;
  const settingsOver: SettingsOver = (run, named) =>
    resolveSettings([run, values, named].map((layer) => ({ source: 'the test', values: layer })));
  const resumed = {
    reference,
    inputs: [],
    settingsOver,
    options: host === undefined ? {} : { host },
    named: [],
  };
  return await resumeRun(upsampleKind, resumeUpsampleOptions(resumed), {
    ...{ ports, observer, signal, isDetached },
  });
}
