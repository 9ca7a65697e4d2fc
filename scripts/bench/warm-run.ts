/**
 * What a host keeps between two runs with `offload_models = false`: the second one must start no container and load no
 * model. The model's server is a stand-in whose journal counts its starts.
 *
 *     node scripts/bench/warm-run.ts [--prompts 80] [--load-ms 5000] [--quick] [--json]
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeClips, writeSpecs } from './support/inputs.ts';
import { type BenchResult, figure, printResult } from './support/result.ts';
import { type ServedModel, withServedModel } from './support/served-model.ts';

const { values } = parseArgs({
  options: {
    prompts: { type: 'string' },
    'load-ms': { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const prompts = Number(values.prompts ?? (values.quick ? 16 : 80));
const loadMs = Number(values['load-ms'] ?? (values.quick ? 1000 : 5000));
const [slots, latencyMs] = [8, 100];

printResult(await withServedModel({ loadMs, latencyMs }, measure), values.json);

async function measure(served: ServedModel): Promise<BenchResult> {
  const { cli, docker, container } = served.stage;
  const clips = await makeClips(join(cli.workingFolder, 'clips'), 8);
  await writeSpecs(join(cli.workingFolder, 'specs'), prompts, clips);
  await served.configure({ slots, offloadModels: false });
  const identity = () => docker('inspect', '--format', '{{.Id}} {{.State.StartedAt}}', container());
  const firstMs = await served.upsample(prompts);
  const [before, first] = [await identity(), await served.journal()];
  const secondMs = await served.upsample(prompts);
  const [after, second] = [await identity(), await served.journal()];
  return {
    bench: 'warm-run',
    config: { prompts, slots, load_ms: loadMs, latency_ms: latencyMs },
    figures: [
      figure('containers started by the second run', before === after ? 0 : 1, '', '<= 0'),
      figure('loads of the model by the second run', second.starts - first.starts, '', '<= 0'),
      figure('prompts that the second run did not ask for', prompts - (second.asks - first.asks), '', '<= 0'),
      figure('first run', firstMs / 1000, 's'),
      figure('second run', secondMs / 1000, 's'),
      figure('engine time of a run at the least', (Math.ceil(prompts / slots) * latencyMs) / 1000, 's'),
    ],
  };
}
