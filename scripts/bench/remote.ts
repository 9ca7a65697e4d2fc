/**
 * The whole program with the embedded engine: on this machine, on a host over a real sshd and a real Docker engine on
 * loopback, and on the same host with 50 ms of latency, in turns. All sides do the same work: every hint is in the
 * user's cache and on the host already, and `--force` makes every answer anew. The host's container is warm; what its
 * first start adds is measured apart, on loopback.
 *
 *     node scripts/bench/remote.ts [--prompts 300] [--distinct 30] [--rounds 5] [--quick] [--json]
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import type { RemoteStage } from '../../test/support/lab/remote-stage.ts';
import { inTurns } from './support/in-turns.ts';
import { makeClips, writeSpecs } from './support/inputs.ts';
import { withStage } from './support/remote-lab.ts';
import { type BenchResult, figure, median, printResult } from './support/result.ts';

const { values } = parseArgs({
  options: {
    prompts: { type: 'string' },
    distinct: { type: 'string' },
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const prompts = Number(values.prompts ?? (values.quick ? 100 : 300));
const distinct = Number(values.distinct ?? (values.quick ? 10 : 30));
const rounds = Number(values.rounds ?? (values.quick ? 2 : 5));
/** Added by the network, there and back, in milliseconds. */
const latencyMs = 50;

const summarySchema = z.object({ counts: z.object({ upsampled: z.int() }) });

printResult(await withStage(measure), values.json);

async function measure(stage: RemoteStage): Promise<BenchResult> {
  const folder = stage.cli.workingFolder;
  await writeSpecs(join(folder, 'specs'), prompts, await makeClips(join(folder, 'clips'), distinct));
  // Fills the user's cache of hints, and the program's of compiled code.
  const firstLocal = await timeOf(stage, 'local');
  const coldWithHints = await timeOf(stage, 'gpu1');
  const colds: number[] = [];
  for (let round = 0; round < Math.min(rounds, 3); round++) {
    await stage.docker('rm', '--force', stage.container());
    colds.push(await timeOf(stage, 'gpu1'));
  }
  const { local, near, far } = await inTurns(rounds, {
    local: () => timeOf(stage, 'local'),
    near: () => timeOf(stage, 'gpu1'),
    far: () => timeOf(stage, 'gpu1', latencyMs),
  });
  const coldStart = median(colds) - median(near);
  return {
    bench: 'remote',
    config: { prompts, distinct, rounds, latency_ms: latencyMs },
    figures: [
      figure('host on loopback, times local', median(near) / median(local), '', limitOf('<= 1.3')),
      figure('host 50 ms away, times local', median(far) / median(local), '', limitOf('<= 1.5')),
      figure('local', median(local) / 1000, 's'),
      figure('host on loopback', median(near) / 1000, 's'),
      figure('host 50 ms away', median(far) / 1000, 's'),
      figure('cold start of the container', coldStart / 1000, 's'),
      figure('first run of all, local: hints are made', firstLocal / 1000, 's'),
      figure('first run on the host: hints are sent, cold start', coldWithHints / 1000, 's'),
    ],
  };
}

/** Wall time of the whole program in milliseconds. */
async function timeOf(stage: RemoteStage, host: 'local' | 'gpu1', addedMs = 0): Promise<number> {
  stage.network.delayMs = addedMs / 2;
  await rm(stage.cli.outputFolder, { recursive: true, force: true });
  const start = performance.now();
  const end = await stage.cli.run(
    ['batch-upsample', 'specs', '--host', host, '--force', '--json'],
    10 * 60_000,
  );
  const wallMs = performance.now() - start;
  if (end.code !== 0) throw new Error(`cosmos ended with ${end.code}:\n${end.stderr.slice(-2000)}`);
  const { counts } = summarySchema.parse(JSON.parse(end.stdout));
  if (counts.upsampled !== prompts) throw new Error(`only ${counts.upsampled} were upsampled on ${host}`);
  return wallMs;
}

/** In a quick run what is there in any case, such as making the connection, weighs too much. */
function limitOf<Limit extends string>(limit: Limit): Limit | undefined {
  return values.quick ? undefined : limit;
}
