/**
 * What one call of Docker's API costs through the SSH link on loopback, against the same call over the engine's own
 * socket, in turns, by the same client.
 *
 *     node scripts/bench/docker-calls.ts [--calls 500] [--quick] [--json]
 */
import { parseArgs } from 'node:util';
import type { DockerClient } from '../../src/adapters/docker/docker-client.ts';
import { RemoteMachine } from '../../src/adapters/ssh-host/remote-machine.ts';
import type { LabFacts } from '../../test/support/lab/lab.ts';
import { clientOf } from '../../test/support/lab/lab.ts';
import { hostSettings, machineOptions } from '../../test/support/lab/remote-bench.ts';
import type { RemoteStage } from '../../test/support/lab/remote-stage.ts';
import { withStage } from './support/remote-lab.ts';
import { type BenchResult, figure, median, percentile, printResult } from './support/result.ts';

const { values } = parseArgs({
  options: {
    calls: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const calls = Number(values.calls ?? (values.quick ? 100 : 500));
/** Connections are made, and code is compiled, before anything is measured. */
const warmUpCalls = 20;

type Call = (client: DockerClient) => Promise<unknown>;

printResult(await withStage(measure), values.json);

async function measure({ sshd }: RemoteStage, lab: LabFacts): Promise<BenchResult> {
  const local = clientOf(lab.dockerSocket);
  const settings = hostSettings({ ...sshd.settings, docker_socket: lab.dockerSocket });
  const machine = await RemoteMachine.at(machineOptions('gpu1', settings));
  const { id } = await local.call((docker) => docker.createContainer({ Image: lab.image }));
  try {
    const ping = await compare(local, machine.docker, (client) => client.call((docker) => docker.ping()));
    const inspect = await compare(local, machine.docker, (client) =>
      client.call((docker) => docker.getContainer(id).inspect()),
    );
    return {
      bench: 'docker-calls',
      config: { calls },
      figures: [...figuresOf('ping', ping), ...figuresOf('inspect', inspect)],
    };
  } finally {
    await local.call((docker) => docker.getContainer(id).remove({ force: true }));
    await machine.close();
  }
}

/** Milliseconds of each call, one after the other, by side. */
async function compare(local: DockerClient, remote: DockerClient, call: Call) {
  const localMs: number[] = [];
  const remoteMs: number[] = [];
  for (let turn = -warmUpCalls; turn < calls; turn++) {
    const sides = [
      async () => localMs.push(await millisecondsOf(() => call(local))),
      async () => remoteMs.push(await millisecondsOf(() => call(remote))),
    ];
    for (const side of turn % 2 === 0 ? sides : sides.reverse()) await side();
  }
  return { localMs: localMs.slice(warmUpCalls), remoteMs: remoteMs.slice(warmUpCalls) };
}

function figuresOf(name: string, times: Awaited<ReturnType<typeof compare>>) {
  const { localMs, remoteMs } = times;
  return [
    figure(`${name} through the link, median`, median(remoteMs), 'ms', '<= 3'),
    figure(`${name} through the link, 95th percentile`, percentile(remoteMs, 95), 'ms'),
    figure(`${name} over the engine's socket, median`, median(localMs), 'ms'),
    figure(`${name} over the engine's socket, 95th percentile`, percentile(localMs, 95), 'ms'),
    figure(`${name}, times the socket`, median(remoteMs) / median(localMs), ''),
  ];
}

async function millisecondsOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
