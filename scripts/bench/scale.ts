/**
 * A run of very many specs, a million with `--specs 1000000`: planning them; how long until the first batch is submitted, when
 * the run begins and when it is resumed half-done; the last specs of it done by a stand-in server; its report, the list of runs and
 * one spec; and the memory of each. A tenth as many specs are planned and begun, too, to see how it grows.
 *
 *     node scripts/bench/scale.ts [--specs 100000] [--last 2000] [--quick] [--json]
 *
 * A million specs take 4 GB and as many inodes in the temporary folder (`TMPDIR`), and about 15 minutes.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { readEvents, waitForEvent } from './support/events.ts';
import { makeClips, writeSpecs } from './support/inputs.ts';
import { assertSucceeded, ownUsage, type ProgramRun, runProgram } from './support/program.ts';
import { type BenchResult, type Figure, figure, printResult } from './support/result.ts';
import { nameOf } from './support/sample-run.ts';
import { inSandbox, type Sandbox } from './support/sandbox.ts';
import { withStandIn } from './support/stand-in.ts';
import { rewriteJournal } from './support/stored-run.ts';

const { values } = parseArgs({
  options: {
    specs: { type: 'string' },
    last: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const specs = Number(values.specs ?? (values.quick ? 10_000 : 100_000));
/** Specs that are left for the stand-in. */
const last = Math.min(specs / 2, Number(values.last ?? (values.quick ? 200 : 2_000)));
const firstTenth = Math.round(specs / 10);

/** What is asked of a million, in proportion; a start costs the same for any number. */
const mostSeconds = Math.max(60, (600 * specs) / 1_000_000);
const mostMb = 1024;

const result = await inSandbox('scale', async (sandbox) => {
  const clips = await makeClips(sandbox.path('clips'), 12);
  await writeSpecs(sandbox.path('specs'), specs, clips);
  await writeSpecs(sandbox.path('few'), firstTenth, clips);
  return await withStandIn({ slots: 64, latencyMs: 20 }, ({ baseUrl }) => measure(sandbox, baseUrl));
});
printResult(result, values.json);

async function measure(sandbox: Sandbox, baseUrl: string): Promise<BenchResult> {
  const engine = ['--engine', 'openai', '--base-url', baseUrl, '--model', 'stand-in'];
  const fewPlanned = await planOf(sandbox, 'few', firstTenth);
  const planned = await planOf(sandbox, 'specs', specs);
  const few = await untilFirstBatch(sandbox, ['few', ...engine]);
  const begun = await untilFirstBatch(sandbox, ['specs', ...engine]);
  await rewriteJournal(sandbox.path('checkpoints'), 0.5);
  const resumed = await untilFirstBatch(sandbox, ['--resume', 'latest']);
  await rewriteJournal(sandbox.path('checkpoints'), (specs - last) / specs);
  const finished = await succeeded(sandbox, ['batch-upsample', '--resume', 'latest', '--json']);
  const report = await succeeded(sandbox, ['report', 'latest', '--json']);
  const runs = await succeeded(sandbox, ['runs', '--json']);
  const shown = await succeeded(sandbox, ['show', sandbox.path('specs', nameOf(0)), '--json']);
  return {
    bench: 'scale',
    config: { specs, last },
    figures: [
      figure('plan', planned.wallMs / 1000, 's', `<= ${mostSeconds}`),
      figure(`plan, times that of ${firstTenth} specs`, planned.wallMs / fewPlanned.wallMs, '', '<= 12'),
      ...usageOf('plan', planned),
      ...figuresOf('begin', begun),
      figure(
        `begin, times the cost of ${firstTenth} specs`,
        begun.firstBatchMs / few.firstBatchMs,
        '',
        '<= 12',
      ),
      ...figuresOf('resume half-done', resumed),
      figure(`the last ${last}, with reports`, finished.wallMs / 1000, 's'),
      ...usageOf(`the last ${last}, with reports`, finished),
      figure('report', report.wallMs / 1000, 's'),
      ...usageOf('report', report),
      figure('runs', runs.wallMs / 1000, 's'),
      ...usageOf('runs', runs),
      figure('show', shown.wallMs / 1000, 's'),
    ],
  };
}

/** A plan that was cut off would be a fast one. */
async function planOf(sandbox: Sandbox, input: string, count: number): Promise<ProgramRun> {
  const stdoutPath = sandbox.path('plan.json');
  const run = await runProgram(sandbox, ['plan', sandbox.path(input), '--json'], { stdoutPath });
  assertSucceeded(run);
  let found = 0;
  // It is longer than the longest text there can be.
  for await (const block of createReadStream(stdoutPath, 'latin1'))
    found += String(block).split('"action"').length - 1;
  const isCut = Math.abs(found - count) > count / 100;
  if (isCut) throw new Error(`${(await stat(stdoutPath)).size} bytes are no plan of ${count}`);
  return run;
}

async function succeeded(sandbox: Sandbox, programArguments: readonly string[]): Promise<ProgramRun> {
  const run = await runProgram(sandbox, programArguments);
  assertSucceeded(run);
  return run;
}

interface Beginning {
  readonly run: ProgramRun;
  /** From the start of the program until its run begins, and until the first batch is submitted. */
  readonly begunMs: number;
  readonly firstBatchMs: number;
}

async function untilFirstBatch(sandbox: Sandbox, input: readonly string[]): Promise<Beginning> {
  const path = sandbox.path(`events-${input.slice(0, 2).join('-').replaceAll(/\W/g, '')}.jsonl`);
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
    figure(`${name}, until the first batch`, firstBatchMs / 1000, 's', `<= ${mostSeconds}`),
    ...usageOf(name, run),
  ];
}

/** Of the program, and of the worker where one ended with it. */
function usageOf(name: string, run: ProgramRun): readonly Figure[] {
  const own = ownUsage(run);
  const worker = run.usages.find(({ program }) => program.includes('worker'));
  const mb = (bytes: number) => bytes / 1024 ** 2;
  return [
    figure(`${name}, CPU`, own.cpu_ms / 1000, 's'),
    figure(`${name}, memory`, mb(own.peak_rss_bytes), 'MB', `<= ${mostMb}`),
    ...(worker
      ? [figure(`${name}, memory of the worker`, mb(worker.peak_rss_bytes), 'MB', `<= ${mostMb}`)]
      : []),
  ];
}
