/**
 * How much of an engine's time the program uses: prompts with real videos against a stand-in server of known
 * latency. Efficiency is the time the engine needs at the least, over the wall time of the whole program.
 *
 *     node scripts/bench/engine.ts [--prompts 400] [--distinct 100] [--slots 8] [--latency-ms 1000] [--quick] [--json]
 */
import { parseArgs } from 'node:util';
import { type EtaCheck, etaErrors } from './support/eta.ts';
import { makeClips, writeSpecs } from './support/inputs.ts';
import { readPhases } from './support/phases.ts';
import { assertSucceeded, runProgram } from './support/program.ts';
import { type BenchResult, figure, printResult } from './support/result.ts';
import { inSandbox, type Sandbox } from './support/sandbox.ts';
import { type StandInProcess, withStandIn } from './support/stand-in.ts';

const { values } = parseArgs({
  options: {
    prompts: { type: 'string' },
    distinct: { type: 'string' },
    slots: { type: 'string', default: '8' },
    'latency-ms': { type: 'string', default: '1000' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const prompts = Number(values.prompts ?? (values.quick ? 160 : 400));
const distinct = Math.min(prompts, Number(values.distinct ?? (values.quick ? 40 : 100)));
const slots = Number(values.slots);
const latencyMs = Number(values['latency-ms']);

const result = await inSandbox('engine', async (sandbox) => {
  await writeSpecs(sandbox.path('specs'), prompts, await makeClips(sandbox.path('clips'), distinct));
  return await withStandIn({ slots, latencyMs }, (standIn) => measure(sandbox, standIn));
});
printResult(result, values.json);

async function measure(sandbox: Sandbox, standIn: StandInProcess): Promise<BenchResult> {
  const eta: EtaCheck[] = [];
  const events = sandbox.path('events.jsonl');
  const run = await runProgram(
    sandbox,
    [
      ...['batch-upsample', sandbox.path('specs'), '--json', '--events', events],
      ...['--engine', 'openai', '--base-url', standIn.baseUrl, '--model', 'stand-in'],
    ],
    { onLine: (line) => eta.push({ line, atMs: Date.now() }), until: standIn.ended },
  );
  assertSucceeded(run);
  const stats = await standIn.stats();
  const endedMs = run.startedMs + run.wallMs;
  const phases = await readPhases(events, run.startedMs, endedMs, stats.busy_ms ?? 0);
  const idealMs = Math.ceil(prompts / slots) * latencyMs;
  const etaError = etaErrors(eta, { prompts, startedMs: run.startedMs, endedMs });
  return {
    bench: 'engine',
    config: { prompts, distinct, slots, latency_ms: latencyMs },
    figures: [
      figure('efficiency', idealMs / run.wallMs, '', limitOf('>= 0.95')),
      figure('failed prompts', prompts - phases.finished, '', '<= 0'),
      figure('prompts asked for twice', stats.requests - stats.contents, '', '<= 0'),
      // A run that is long enough for several lines of progress must have foretold its end.
      ...(etaError === null
        ? [figure('estimates of the time left', 0, '', run.wallMs > 40_000 ? '>= 1' : undefined)]
        : [
            figure('largest error of the ETA, of the whole', etaError.ofWhole, '%', limitOf('<= 20')),
            figure('largest error of the ETA, of the rest', etaError.ofRest, '%', limitOf('<= 20')),
          ]),
      figure('wall', run.wallMs / 1000, 's'),
      figure('ideal engine time', idealMs / 1000, 's'),
      figure('engine time used', (stats.busy_ms ?? 0) / 1000, 's'),
      figure('start and plan', phases.planMs / 1000, 's'),
      figure('plan to first request', phases.firstRequestMs / 1000, 's'),
      figure('last answer to end', phases.tailMs / 1000, 's'),
      ...run.usages.map(({ program, cpu_ms: cpuMs }) =>
        figure(`CPU of ${program.includes('worker') ? 'the worker' : 'the program'}`, cpuMs / 1000, 's'),
      ),
    ],
  };
}

/** A quick run is so short that its start weighs too much, and too few estimates are made. */
function limitOf<Limit extends string>(limit: Limit): Limit | undefined {
  return values.quick ? undefined : limit;
}
