/**
 * The way of the documents that this project began with, a container and a load of the model for every batch and one
 * prompt after the other, against ours, on the same simulated engine: a stand-in for `vllm serve` in a container of
 * the same image. Times are a tenth of real ones: a model of 23 GB loads in about 95 s, a prompt takes 1 to 2 s.
 *
 *     node scripts/bench/seed-way.ts [--prompts 60] [--batch-size 10] [--slots 8] [--load-ms 9500] [--latency-ms 200]
 *         [--quick] [--json]
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeClips, promptOf, writeSpecs } from './support/inputs.ts';
import { type BenchResult, figure, printResult } from './support/result.ts';
import { runSeedWay } from './support/seed-way.ts';
import { type ServedModel, withServedModel } from './support/served-model.ts';

const { values } = parseArgs({
  options: {
    prompts: { type: 'string' },
    'batch-size': { type: 'string', default: '10' },
    slots: { type: 'string', default: '8' },
    'load-ms': { type: 'string' },
    'latency-ms': { type: 'string', default: '200' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const prompts = Number(values.prompts ?? (values.quick ? 20 : 60));
const batchSize = Number(values['batch-size']);
const slots = Number(values.slots);
const loadMs = Number(values['load-ms'] ?? (values.quick ? 2000 : 9500));
const latencyMs = Number(values['latency-ms']);

printResult(await withServedModel({ loadMs, latencyMs }, measure), values.json);

async function measure(served: ServedModel): Promise<BenchResult> {
  const folder = served.stage.cli.workingFolder;
  await writeSpecs(join(folder, 'specs'), prompts, await makeClips(join(folder, 'clips'), 12));
  const seeds = await runSeedWay(
    served,
    Array.from({ length: prompts }, (_, index) => promptOf(index)),
    batchSize,
  );
  const cold = await coldRun(served, slots);
  const warm = await served.upsample(prompts);
  // How much of it comes from asking for several prompts at once.
  const oneByOne = await coldRun(served, 1);
  return {
    bench: 'seed-way',
    config: { prompts, batch_size: batchSize, slots, load_ms: loadMs, latency_ms: latencyMs },
    figures: [
      figure("the seeds' way, times ours from cold", seeds / cold, ''),
      figure("the seeds' way, times ours from cold, one prompt at a time", seeds / oneByOne, ''),
      figure("the seeds' way, times ours when warm", seeds / warm, ''),
      figure("the seeds' way", seeds / 1000, 's'),
      figure('ours from cold', cold / 1000, 's'),
      figure('ours from cold, one prompt at a time', oneByOne / 1000, 's'),
      figure('ours when warm', warm / 1000, 's'),
    ],
  };
}

/** Milliseconds, with the container's start and the load of the model; the model stays loaded. */
async function coldRun(served: ServedModel, places: number): Promise<number> {
  await served.configure({ slots: places, offloadModels: false });
  await served.makeCold();
  return await served.upsample(prompts);
}
