/**
 * A run of very many specs: how long until its first batch is submitted, when it begins and when it is resumed
 * half-done, how long it takes to close one that is done, with its report, and the memory of each.
 *
 *     node scripts/bench/scale.ts [--specs 100000] [--quick] [--json]
 */
import { parseArgs } from 'node:util';
import { readEvents, waitForEvent } from './support/events.ts';
import { makeClips, writeSpecs } from './support/inputs.ts';
import { assertSucceeded, ownUsage, type ProgramRun, runProgram } from './support/program.ts';
import { type BenchResult, type Figure, figure, printResult } from './support/result.ts';
import { inSandbox, type Sandbox } from './support/sandbox.ts';
import { rewriteJournal } from './support/stored-run.ts';

const { values } = parseArgs({
  options: {
    specs: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const specs = Number(values.specs ?? (values.quick ? 10_000 : 100_000));
const firstTenth = Math.round(specs / 10);

const result = await inSandbox('scale', async (sandbox) => {
  const clips = await makeClips(sandbox.path('clips'), 12);
  await writeSpecs(sandbox.path('specs'), specs, clips);
  await writeSpecs(sandbox.path('few'), firstTenth, clips);
  return await measure(sandbox);
});
printResult(result, values.json);

async function measure(sandbox: Sandbox): Promise<BenchResult> {
  const few = await untilFirstBatch(sandbox, ['few']);
  const begun = await untilFirstBatch(sandbox, ['specs']);
  await rewriteJournal(sandbox.path('checkpoints'), 0.5);
  const resumed = await untilFirstBatch(sandbox, ['--resume', 'latest']);
  await rewriteJournal(sandbox.path('checkpoints'), 1);
  const closed = await runProgram(sandbox, ['batch-upsample', '--resume', 'latest', '--json']);
  assertSucceeded(closed);
  return {
    bench: 'scale',
    config: { specs },
    figures: [
      ...figuresOf('begin', begun),
      figure(
        `begin, times the cost of ${firstTenth} specs`,
        begun.firstBatchMs / few.firstBatchMs,
        '',
        '<= 12',
      ),
      ...figuresOf('resume half-done', resumed),
      figure('close with report', closed.wallMs / 1000, 's'),
      memoryOf('close with report', closed),
    ],
  };
}

interface Beginning {
  readonly run: ProgramRun;
  /** From the start of the program until its run begins, and until the first batch is submitted. */
  readonly begunMs: number;
  readonly firstBatchMs: number;
}

async function untilFirstBatch(sandbox: Sandbox, input: readonly string[]): Promise<Beginning> {
  const path = sandbox.path(`events-${input.at(-1)}.jsonl`);
  const run = await runProgram(sandbox, ['batch-upsample', ...input, '--events', path, '--json'], {
    until: waitForEvent(path, 'batch-submitted'),
  });
  const events = await readEvents(path);
  const timeOf = (type: string) => Date.parse(events.find((event) => event.type === type)?.time ?? '');
  return {
    run,
    begunMs: timeOf('run-started') - run.startedMs,
    firstBatchMs: timeOf('batch-submitted') - run.startedMs,
  };
}

function figuresOf(name: string, { run, begunMs, firstBatchMs }: Beginning): readonly Figure[] {
  return [
    figure(`${name}, until the run begins`, begunMs / 1000, 's'),
    figure(`${name}, until the first batch`, firstBatchMs / 1000, 's', '<= 60'),
    memoryOf(name, run),
  ];
}

function memoryOf(name: string, run: ProgramRun): Figure {
  return figure(`${name}, memory`, ownUsage(run).peak_rss_bytes / 1024 ** 2, 'MB', '<= 1024');
}
