/**
 * What one batch's checkpoint costs at home, in a run of few and of many specs: the events of ten finished specs
 * appended to the journal and made durable. It must not grow with the run.
 *
 *     node scripts/bench/checkpoint.ts [--small 1000] [--large 100000] [--batches 200] [--quick] [--json]
 */
import { parseArgs } from 'node:util';
import { LocalRunStore } from '../../src/adapters/run-store/local-run-store.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import type { UpsampleCheckpoint } from '../../src/core/upsample/upsample-checkpoint.ts';
import { upsampleFormat } from '../../src/core/upsample/upsample-checkpoint.ts';
import type { UpsampleEventBody } from '../../src/core/upsample/upsample-event.ts';
import type { RunSession } from '../../src/ports/run-store.ts';
import { type BenchResult, figure, median, printResult } from './support/result.ts';
import { finishedEvents, nameOf, sampleCheckpoint } from './support/sample-run.ts';
import { inSandbox, type Sandbox } from './support/sandbox.ts';

const { values } = parseArgs({
  options: {
    small: { type: 'string', default: '1000' },
    large: { type: 'string', default: '100000' },
    batches: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const small = Number(values.small);
const large = Number(values.large);
const batches = Number(values.batches ?? (values.quick ? 40 : 200));

printResult(await inSandbox('checkpoint', measure), values.json);

async function measure(sandbox: Sandbox): Promise<BenchResult> {
  const smallRun = await openRun(sandbox, small, 0);
  // The large run is nearly done, so that its journal is as long as it gets.
  const largeRun = await openRun(sandbox, large, large - 10 * batches);
  const ofSmall: number[] = [];
  const ofLarge: number[] = [];
  for (let batch = 0; batch < batches; batch++) {
    ofSmall.push(await checkpointMs(smallRun, (batch * 10) % small));
    ofLarge.push(await checkpointMs(largeRun, large - 10 * (batches - batch)));
  }
  await Promise.all([smallRun.release(), largeRun.release()]);
  return {
    bench: 'checkpoint',
    config: { small, large, batches, specs_a_batch: 10 },
    figures: [
      figure('large run, times the small one', median(ofLarge) / median(ofSmall), '', '<= 1.2'),
      figure(`a batch of ${small} specs`, median(ofSmall), 'ms'),
      figure(`a batch of ${large} specs`, median(ofLarge), 'ms'),
    ],
  };
}

/** A run of `count` specs of which `finished` are done. */
async function openRun(
  sandbox: Sandbox,
  count: number,
  finished: number,
): Promise<RunSession<UpsampleCheckpoint, UpsampleEventBody>> {
  const store = new LocalRunStore(sandbox.path('runs'), systemClock);
  const session = await store.create(
    upsampleFormat,
    sampleCheckpoint(`run-of-${count}`, count, sandbox.path(`out-${count}`)),
  );
  for (let index = 0; index < finished; index++) {
    for (const event of finishedEvents(nameOf(index), `/out/${index}.json`)) session.append(event);
    if (index % 1_000 === 0) await session.flush(false);
  }
  await session.flush(true);
  return session;
}

async function checkpointMs(
  session: RunSession<UpsampleCheckpoint, UpsampleEventBody>,
  firstSpec: number,
): Promise<number> {
  const start = performance.now();
  for (let index = firstSpec; index < firstSpec + 10; index++) {
    for (const event of finishedEvents(nameOf(index), `/out/${index}.json`)) session.append(event);
  }
  session.append({ type: 'batch-finished', batch_id: firstSpec / 10 });
  await session.flush(true);
  return performance.now() - start;
}
