import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { LocalHost } from '../../src/adapters/local-host/local-host.ts';
import { PoolHost } from '../../src/adapters/pool-host/pool-host.ts';
import { openJobs } from '../../src/adapters/queue/connect-redis.ts';
import { QueueHost } from '../../src/adapters/queue-host/queue-host.ts';
import { FolderStore } from '../../src/adapters/store/folder-store.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { resolveSettings } from '../../src/core/settings/resolve-settings.ts';
import type { QueueSettings } from '../../src/core/settings/settings-schema.ts';
import { upsampleSettingsFrom } from '../../src/core/upsample/upsample-settings.ts';
import { AppError } from '../../src/errors/app-error.ts';
import { partialObserver } from '../../src/output/progress/observers.ts';
import type { Host } from '../../src/ports/host.ts';
import type { UpsampleObserver, VideoObserver } from '../../src/ports/run-observer.ts';
import { asItWasBegun, resumeRun } from '../../src/services/runs/resume-run.ts';
import { batchUpsample } from '../../src/services/upsample/batch-upsample.ts';
import { upsampleKind } from '../../src/services/upsample/upsample-kind.ts';
import { upscaleKind } from '../../src/services/upscale/upscale-kind.ts';
import { upscaleVideo } from '../../src/services/upscale/upscale-video.ts';

import { poolOptions } from './pool-bench.ts';
import { quickRunTiming } from './queue-rig.ts';
import { createTestPorts } from './test-ports.ts';
import { workerProgram } from './worker-rig.ts';

/** What the client of a farm is started with, as JSON: it begins a run in its folder, or goes on with the one there. */
export interface FarmClientOptions {
  readonly folder: string;
  readonly place:
    | { readonly kind: 'queue'; readonly settings: QueueSettings }
    | {
        readonly kind: 'pool';
        readonly machines: Readonly<Record<string, string>>;
        readonly copyAfterMs: number;
      };
  readonly work:
    | { readonly kind: 'upscale'; readonly input: string; readonly output: string }
    | { readonly kind: 'prompts'; readonly specs: string; readonly output: string; readonly baseUrl: string };
  readonly isLeft: boolean;
}

/** What it says last; before that come the run's events, all as lines of JSON. */
export interface FarmClientEnd {
  readonly type: 'end';
  readonly status: string;
  readonly code: string | null;
  readonly message: string | null;
}

const workersEach = 1;
const runLockMs = 3_000;
const never = new AbortController().signal;

function hostOf(place: FarmClientOptions['place']): Host {
  if (place.kind === 'queue') {
    const { settings } = place;
    return new QueueHost({
      connect: () => openJobs(settings, process.env),
      openStore: async () => new FolderStore(settings.store),
      clock: systemClock,
      timing: { ...quickRunTiming, lockMs: runLockMs },
      workerCommand: 'cosmos worker',
    });
  }
  const entries = Object.entries(place.machines).map(([name, root]) => {
    return [name, new LocalHost({ root, workerProgram, clock: systemClock })] as const;
  });
  const [first] = entries;
  if (first && entries.length === 1) return first[1];
  return new PoolHost(poolOptions(Object.fromEntries(entries), { copyAfterMs: place.copyAfterMs }));
}

async function carryOut({ folder, place, work, isLeft }: FarmClientOptions) {
  const host = hostOf(place);
  const ports = { ...createTestPorts(folder, host), newRunId: () => `run-${Date.now()}-${process.pid}` };
  const onEvent = (event: object) => void process.stdout.write(`${JSON.stringify(event)}\n`);
  const noop = () => undefined;
  const context = { ports, signal: never, isDetached: isLeft };
  const kept = await readdir(join(folder, 'checkpoints'), { recursive: true }).catch(() => []);
  const isBegun = kept.some((name) => basename(name) === 'checkpoint.json');
  const slots = place.kind === 'queue' ? 1 : workersEach * Object.keys(place.machines).length;
  if (work.kind === 'upscale') {
    const observer = partialObserver<VideoObserver>({
      ...{ onEvent, onScan: noop, onFrames: noop, onAssembly: noop },
    });
    if (isBegun) return await resumeRun(upscaleKind, asItWasBegun('latest'), { ...context, observer });
    const { upscaling } = resolveSettings([
      { source: 'the scene', values: { upscaling: { dedupe: 'off', preset: 'veryfast', workers: 1 } } },
    ]);
    const request = {
      ...{
        inputPath: work.input,
        outputPath: work.output,
        modelPath: null,
        host: host.name,
        slots,
        upscaling,
      },
      ...{ isForced: false, isKeptGoing: false, isDetached: isLeft },
    };
    return await upscaleVideo(request, ports, observer, never);
  }
  const observer = partialObserver<UpsampleObserver>({ onEvent });
  if (isBegun) return await resumeRun(upsampleKind, asItWasBegun('latest'), { ...context, observer });
  const engine = { kind: 'openai', base_url: work.baseUrl, model: 'stand-in', concurrency: 2 };
  const values = { upsampling: { batch_size: 4, engine } };
  const settings = upsampleSettingsFrom(resolveSettings([{ source: 'the scene', values }]), {
    ...{ outputDir: work.output, host: host.name, workers: slots },
    ...{ writeBack: false, force: false, allowTextOnly: false },
  });
  const request = { inputs: [work.specs], excluded: [], settings, isDetached: isLeft };
  return await batchUpsample(request, ports, observer, never);
}

function say(end: Omit<FarmClientEnd, 'type'>): void {
  process.stdout.write(`${JSON.stringify({ type: 'end', ...end })}\n`);
}

try {
  const { error, summary } = await carryOut(JSON.parse(process.argv[2] ?? ''));
  say({ status: summary.status, code: error?.code ?? null, message: error?.message ?? null });
} catch (error) {
  if (!(error instanceof AppError)) throw error;
  say({ status: 'failed', code: error.code, message: error.message });
}
process.exit(0);
