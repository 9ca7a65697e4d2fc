import { expect, it } from 'vitest';
import { inferenceKind } from '../../../../src/services/inference/inference-kind.ts';
import { upsampleKind } from '../../../../src/services/upsample/upsample-kind.ts';

/** As much of a run as is needed to begin its first stage. */
function newRun(): never {
  const upsample = { engine: { kind: 'openai', concurrency: 1 }, workers: 1 };
  const settings = { ...upsample, upsample, stages: ['upsample', 'inference'] };
  const prompts = { specs: new Map() };
  const session = { runId: 'r', checkpoint: { settings, batches: [], specs: [] } };
  return { session, state: { ...prompts, prompts, stage: 'upsample' } } as never;
}

it.each([{ kind: upsampleKind }, { kind: inferenceKind }])(
  'a server that is away ends the run with the command that continues it: $kind.command',
  ({ kind }) => {
    const status = { code: 'engine-unreachable', message: 'No connection.' } as never;
    const { code, nextStep } = kind.startWork(newRun()).fatalError(status);
    expect([code, nextStep]).toEqual(['engine-unreachable', expect.stringContaining('cosmos resume r')]);
  },
);
