/** Scenes of `runVictim`: each calls the program's own code as a command would, and tells what came of it. */
import { Agent } from 'node:http';
import { connect } from 'node:net';
import {
  inspectContainer,
  listSlotContainers,
  queryGpus,
  readLog,
} from '../../../src/adapters/docker/containers.ts';
import { daemonFacts } from '../../../src/adapters/docker/daemon-facts.ts';
import { DockerClient } from '../../../src/adapters/docker/docker-client.ts';
import { runImageJob } from '../../../src/adapters/docker/image-job.ts';
import { findImage, findOldImages } from '../../../src/adapters/docker/images.ts';
import { LocalFileStore } from '../../../src/adapters/files/local-file-store.ts';
import { LocalSourceFiles } from '../../../src/adapters/files/local-source-files.ts';
import { PublishedResults } from '../../../src/adapters/host-run/published-results.ts';
import { TaskAssignments } from '../../../src/adapters/host-run/task-assignments.ts';
import { WorkerApi } from '../../../src/adapters/host-run/worker-api.ts';
import { WorkersRun } from '../../../src/adapters/host-run/workers-run.ts';
import { openJobs } from '../../../src/adapters/queue/connect-redis.ts';
import type { RedisJobs } from '../../../src/adapters/queue/redis-jobs.ts';
import { download } from '../../../src/adapters/sftp/download.ts';
import { RemoteFiles } from '../../../src/adapters/sftp/remote-files.ts';
import { SftpFileStore } from '../../../src/adapters/sftp/sftp-file-store.ts';
import { SftpRootFiles } from '../../../src/adapters/sftp/sftp-root-files.ts';
import { resolveTarget, type SshSettings } from '../../../src/adapters/ssh/resolve-target.ts';
import { SshLink } from '../../../src/adapters/ssh/ssh-link.ts';
import { RemoteMachine } from '../../../src/adapters/ssh-host/remote-machine.ts';
import { SlotApi } from '../../../src/adapters/ssh-host/slot-api.ts';
import { systemClock } from '../../../src/adapters/system-clock.ts';
import { FileHostTree } from '../../../src/adapters/upkeep/file-host-tree.ts';
import { settingsSchema } from '../../../src/core/settings/settings-schema.ts';
import { readRegionPlan } from '../../../src/services/retouch/read-region-plan.ts';
import { sampleEngine, sampleTasks } from '../sample-work.ts';

type Given = Readonly<Record<string, unknown>> & { readonly ssh: SshSettings };

async function withFiles<Value>(
  { ssh }: Given,
  call: (files: RemoteFiles) => Promise<Value>,
): Promise<Value> {
  const link = new SshLink({
    target: await resolveTarget('liar', ssh, { env: {}, sshConfigFile: '/dev/null' }),
    ...{ clock: systemClock, random01: Math.random, retryForMs: 2_000 },
  });
  try {
    return await call(new RemoteFiles(link, 'liar'));
  } finally {
    await link.close();
  }
}

const store = (given: Given, call: (store: SftpFileStore) => Promise<unknown>) =>
  withFiles(given, (files) => call(new SftpFileStore(files, '/run')));

const docker = async ({ socketPath }: Given, call: (client: DockerClient) => Promise<unknown>) => {
  const agent = new Agent({ keepAlive: true });
  agent.createConnection = () => connect(String(socketPath));
  const daemon = { hostName: 'liar', socketPath: '/var/run/docker.sock' };
  const client = new DockerClient({
    ...daemon,
    ...{ agent, clock: systemClock, random01: Math.random, retryForMs: 1_000 },
  });
  try {
    return await call(client);
  } finally {
    agent.destroy();
  }
};

/** A run whose one worker is whatever listens on a socket, and whose reader takes a while for each event. */
async function watchRun({ socketPath, folder }: Given): Promise<unknown> {
  const assignments = new TaskAssignments(1);
  const [part] = assignments.divide({ batch_id: 0, tasks: sampleTasks(6) }, sampleEngine(null)).parts;
  if (part) assignments.assign(part, sampleEngine(null));
  const ended = new AbortController();
  const run = new WorkersRun({
    ...{ runId: 'run-1', files: new LocalFileStore(String(folder)), assignments, clock: systemClock },
    objects: { missing: async () => new Set(), deliver: async () => undefined },
    downloadOutput: async () => undefined,
    workers: [
      {
        ...{
          workerId: 0,
          api: new WorkerApi({ socketPath: String(socketPath) }, 'liar'),
          logPlace: 'nowhere',
        },
        ensureRunning: async () => ({ isStarted: false }),
        ...{ stop: async () => undefined, kill: async () => undefined },
      },
    ],
    onReachability: () => () => undefined,
    close: async () => undefined,
  });
  const seen: string[] = [];
  for await (const event of run.watch(ended.signal)) {
    const about =
      event.type === 'worker-status'
        ? `${event.status.worker_id} ${event.status.message?.length}`
        : event.type === 'task-finished'
          ? event.result.task_key
          : '';
    seen.push(`${event.type} ${about}`);
    if (seen.length === 100) ended.abort();
    await systemClock.sleep(20);
  }
  return seen;
}

/** A connection to a queue, as every command opens it. */
async function queue({ port }: Given, call: (jobs: RedisJobs) => Promise<unknown>): Promise<unknown> {
  const { queue: settings } = settingsSchema.parse({ queue: { url: `redis://127.0.0.1:${port}` } });
  const jobs = await openJobs(settings, {});
  try {
    return await call(jobs);
  } finally {
    jobs.close();
  }
}

/** Listens to what workers tell, until the connection is ended for good or `end` is told. */
async function listen(jobs: RedisJobs): Promise<unknown> {
  let told = 0;
  let isEnded = false;
  jobs.listen('upsample', (jobId) => {
    if (!isEnded) told += 1;
    isEnded ||= jobId === 'end';
  });
  while (!isEnded) {
    await systemClock.sleep(20);
    jobs.assertTrusted();
  }
  return told;
}

const scenes: Readonly<Record<string, (given: Given) => Promise<unknown>>> = {
  list: (given) => store(given, async (files) => (await files.list('results')).length),
  results: (given) => store(given, async (files) => (await new PublishedResults(files).keys()).length),
  result: (given) => store(given, (files) => new PublishedResults(files).read(String(given['key']))),
  read: (given) => store(given, async (files) => (await files.read('manifests/one.json'))?.length ?? null),
  remove: (given) => store(given, (files) => files.remove(String(given['path']))),
  download: (given) =>
    withFiles(given, (files) =>
      download(files, '/run/segments/one.mp4', String(given['path']), Number(given['sizeBytes'])),
    ),
  removeTree: (given) => withFiles(given, (files) => new SftpRootFiles(files, '/run').remove('runs/one')),
  localResult: ({ folder, key }) =>
    new PublishedResults(new LocalFileStore(String(folder))).read(String(key)),
  lines: async ({ path }) => {
    let lines = 0;
    for await (const _ of new LocalSourceFiles().lines(String(path))) lines += 1;
    return lines;
  },
  regionPlan: ({ path }) => readRegionPlan(String(path), { sources: new LocalSourceFiles() }),
  watch: watchRun,
  workerSocket: async ({ ssh, root }) => {
    const { hosts } = settingsSchema.parse({
      hosts: { liar: { address: 'liar', remote_root: String(root) } },
    });
    const machine = await RemoteMachine.at({
      ...{ name: 'liar', settings: { ...hosts['liar'], ...ssh }, clock: systemClock, random01: Math.random },
      ...{ retryForMs: 1_000, environment: {}, ssh: { sshConfigFile: '/dev/null' }, inference: {} },
      askPassphrase: async () => null,
    } as unknown as Parameters<typeof RemoteMachine.at>[0]);
    try {
      return await new SlotApi(await machine.workerApi('run-1', 0), 'liar').status();
    } finally {
      await machine.close();
    }
  },
  slotStatus: ({ socketPath }) =>
    new SlotApi(new WorkerApi({ socketPath: String(socketPath) }, 'liar'), 'liar').status(),
  missing: async ({ socketPath }) =>
    (
      await new SlotApi(new WorkerApi({ socketPath: String(socketPath) }, 'liar'), 'liar').missingObjects([
        'a',
      ])
    ).length,
  version: (given) => docker(given, (client) => client.version()),
  facts: (given) => docker(given, (client) => daemonFacts(client)),
  inspect: (given) => docker(given, (client) => inspectContainer(client, 'slot')),
  containers: (given) => docker(given, async (client) => (await listSlotContainers(client, '/root')).length),
  image: (given) => docker(given, (client) => findImage(client, 'image')),
  oldImages: (given) => docker(given, async (client) => (await findOldImages(client, [])).length),
  log: (given) => docker(given, async (client) => (await readLog(client, 'slot', 10)).length),
  gpus: (given) => docker(given, async (client) => (await queryGpus(client, 'slot')).length),
  pull: (given) =>
    docker(given, (client) =>
      runImageJob(
        client,
        { verb: 'pulled', image: 'image', begin: (daemon) => daemon.pull('image', {}) },
        () => undefined,
        new AbortController().signal,
      ),
    ),
  queueRuns: (given) => queue(given, async (jobs) => (await jobs.countsByRun()).size),
  queueWorkers: (given) => queue(given, async (jobs) => (await jobs.workers(Date.now())).length),
  queueStates: (given) =>
    queue(given, async (jobs) => {
      const ids = Array.from({ length: 2000 }, (_, at) => `run-1.${at}`);
      const states = [...(await jobs.statesOf('upsample', ids)).values()];
      return [states.length, Math.max(...states.map(({ reason }) => reason.length))];
    }),
  queueEvents: (given) => queue(given, listen),
  prune: (given) =>
    withFiles(given, async (files) => {
      const tree = new FileHostTree(new SftpRootFiles(files, '/run'), () => false);
      return [(await tree.objects()).length, (await tree.uploads()).length, (await tree.runs()).length];
    }),
};

const [name = '', given = '{}'] = process.argv.slice(2);
const scene = scenes[name];
if (!scene) throw new Error(`there is no scene ${name}`);
const outcome = await scene(JSON.parse(given)).then(
  (value) => ({ value: value ?? null, error: null }),
  (error: Error & { readonly code?: unknown }) => ({
    value: null,
    error: { name: error.name, code: String(error.code ?? ''), message: error.message },
  }),
);
const memoryMib = Math.round(process.resourceUsage().maxRSS / 1024);
process.stdout.write(JSON.stringify({ ...outcome, memoryMib }), () => process.exit());
