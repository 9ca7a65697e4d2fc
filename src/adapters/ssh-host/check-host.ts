import { posix } from 'node:path';
import { shellQuoted } from '../../core/run/shell-quoted.ts';
import { AppError } from '../../errors/app-error.ts';
import type { CheckResult } from '../../ports/diagnostics.ts';
import type { ImageRole } from '../../ports/host-upkeep.ts';
import { type Finding, failed, ok, runCheck, skipped, warning } from '../diagnostics/run-checks.ts';
import { folderGone } from '../docker/container-errors.ts';
import { daemonFacts } from '../docker/daemon-facts.ts';
import { findImage, isBuilt, prepareCommand, workerImageOf } from '../docker/images.ts';
import type { RemoteMachine, RemoteWeights } from './remote-machine.ts';
import { isOpenToOthers, makeRoot } from './remote-root.ts';
import { gpusFor } from './worker-containers.ts';

/** Below this much free space a host is worth a warning, in bytes. */
const littleSpaceBytes = 10 * 1024 ** 3;

const gib = 1024 ** 3;

/** Repositories on Hugging Face, each with terms to accept, that the guardrails of the models load. */
const guardrails = ['nvidia/Cosmos-Guardrail1', 'meta-llama/Llama-Guard-3-8B'];

export interface HostUse {
  readonly servesModel: boolean;
  /** Repository on Hugging Face of the model to serve; empty where none is known. */
  readonly servedModel: string;
  readonly upscalesWithModel: boolean;
}

/** Checks everything a host needs; each check relies on those before it. Never throws. */
export async function checkSshHost(
  open: () => Promise<RemoteMachine>,
  use: HostUse,
): Promise<readonly CheckResult[]> {
  const connected = await runCheck('ssh', async () => {
    const machine = await open();
    await machine.root();
    return ok(machine.address);
  });
  if (connected.status === 'failed') return [connected];
  const machine = await open();
  const root = await runCheck('host root', () => checkRoot(machine));
  const docker = await runCheck('docker', async () => ok(`daemon ${await machine.docker.version()}`));
  if (docker.status === 'failed') {
    const [weights, without] = [await checkWeights(machine, use), skipped('not checked: it needs Docker')];
    const dependent = ['image', 'upscaler image', 'inference image', 'gpus'];
    return [connected, root, docker, ...weights, ...dependent.map((name) => ({ name, ...without }))];
  }
  return [
    ...[connected, root, docker],
    ...(await checkImages(machine, use)),
    ...(await checkWeights(machine, use)),
    ...(await checkInference(machine)),
    await runCheck('gpus', () => checkGpus(machine, use)),
  ];
}

async function checkRoot(machine: RemoteMachine): Promise<Finding> {
  const path = await machine.root();
  await makeRoot(machine);
  const [found, space] = await machine.files.step(async (session) =>
    Promise.all([session.stat(path), session.space(path)]),
  );
  if (found && isOpenToOthers(found))
    return warning(
      `${path}: other users of the host can open it, and start programs that a container leaves there`,
      `Close it there: chmod 700 ${shellQuoted(path)}`,
    );
  if (space === null) return ok(path);
  const detail = `${path}, ${(space.freeBytes / gib).toFixed(1)} GiB free`;
  if (space.freeBytes >= littleSpaceBytes) return ok(detail);
  return warning(detail, `Free some space: cosmos host prune ${machine.name}`);
}

/** Any image is enough for work without a model; the settings say which one is needed beyond that. */
async function checkImages(machine: RemoteMachine, use: HostUse): Promise<readonly CheckResult[]> {
  const upscaler = await runCheck('upscaler image', () => checkImage(machine, 'upscaler'));
  const isOtherEnough = upscaler.status === 'ok' && !use.servesModel;
  const upsampler = await runCheck('image', () => checkImage(machine, 'upsampler'));
  return [
    isOtherEnough ? notNeeded(upsampler, 'not needed without a model to serve') : upsampler,
    use.upscalesWithModel ? upscaler : notNeeded(upscaler, 'needed only to upscale with a model'),
  ];
}

async function checkImage({ name, docker, options }: RemoteMachine, role: ImageRole): Promise<Finding> {
  const { name: image } = workerImageOf(options, role);
  const found = await findImage(docker, image);
  if (found !== null) return ok(image);
  return failed(`${image} is not there`, `Build or pull it: ${prepareCommand(name, role)}`);
}

/** Weights that the workers of a model server find on the host, or have to fetch. */
async function checkWeights(machine: RemoteMachine, use: HostUse): Promise<readonly CheckResult[]> {
  if (machine.options.settings.models_dir === '' && !use.servesModel) return [];
  return [await runCheck('weights', async () => findWeights(machine, await machine.models(), use))];
}

async function findWeights(
  machine: RemoteMachine,
  weights: RemoteWeights | null,
  { servesModel, servedModel }: HostUse,
): Promise<Finding> {
  if (weights) await checkFolder(machine, weights);
  const models = weights?.path ?? null;
  if (weights && servesModel && servedModel.startsWith('/models/')) {
    const path = posix.join(weights.path, servedModel.slice('/models/'.length));
    if (!(await isThere(machine, path)))
      return failed(`${path} is not there`, 'Correct the model, or copy it there.');
    if (isShown(weights, path)) return ok(path);
    return failed(
      `${path} is not shown to containers: beside a token of Hugging Face, they see ${shownText(weights)} alone`,
      `Set models_dir to ${posix.dirname(path)}, and the model to /models/${posix.basename(path)}.`,
    );
  }
  // Of a program of the user's it is not known where it looks for them.
  if (!servesModel || !/^[\w.-]+\/[\w.-]+$/.test(servedModel))
    return ok(models ?? 'as its program finds them');
  const cached = posix.join(weights?.hub ?? 'hub', `models--${servedModel.replace('/', '--')}`);
  if (models !== null && (await isThere(machine, posix.join(models, cached))))
    return ok(`${servedModel} in ${models}`);
  const what = `${servedModel} is not in ${models === null ? 'any models_dir' : posix.join(models, weights?.hub ?? 'hub')}`;
  const fetch = `hf download ${servedModel} on the host, and models_dir under [hosts.${machine.name}] is the folder above hub`;
  return machine.options.settings.network === 'none'
    ? failed(`${what}, and its workers have no network to fetch it`, `Fetch it: ${fetch}.`)
    : warning(`${what}: each worker fetches it at its first start`, `Fetch it before: ${fetch}.`);
}

/** A host may well be for other work: an image that is missing is mentioned, and fails no check. */
async function checkInference(machine: RemoteMachine): Promise<readonly CheckResult[]> {
  const image = workerImageOf(machine.options, 'inference');
  const found = await runCheck('inference image', () => checkImage(machine, 'inference'));
  const isWanted = image.baseImage !== '' || !isBuilt(image);
  if (found.status === 'failed')
    return [
      isWanted ? { ...found, status: 'warning' } : notNeeded(found, 'needed only to run a Cosmos model'),
    ];
  const [models, checkpoints] = await Promise.all([machine.models(), machine.checkpoints()]);
  return [
    found,
    ...(checkpoints === null ? [] : [await runCheck('checkpoints', () => checkFolder(machine, checkpoints))]),
    ...(models === null
      ? []
      : [await runCheck('guardrails', () => checkGuardrails(machine, models, checkpoints))]),
  ];
}

/** @throws AppError for a folder that is not there, or that containers are not shown. */
async function checkFolder(machine: RemoteMachine, { path, refusal }: RemoteWeights): Promise<Finding> {
  if (!(await isThere(machine, path))) throw new AppError(folderGone(path));
  if (refusal) throw refusal;
  return ok(path);
}

function isShown({ mounts }: RemoteWeights, path: string): boolean {
  return mounts.some(({ source }) => path === source || path.startsWith(`${source}/`));
}

function shownText({ mounts }: RemoteWeights): string {
  return mounts.length === 0 ? 'nothing' : mounts.map(({ below }) => below).join(', ');
}

/** They lie in the cache of Hugging Face or, of some models, among the checkpoints. */
async function checkGuardrails(
  machine: RemoteMachine,
  models: RemoteWeights,
  checkpoints: RemoteWeights | null,
): Promise<Finding> {
  const isMissing = await Promise.all(
    guardrails.map(async (repository) => {
      const inCache = posix.join(models.path, models.hub, `models--${repository.replace('/', '--')}`);
      const places = [inCache, ...(checkpoints === null ? [] : [posix.join(checkpoints.path, repository)])];
      const found = await Promise.all(places.map((place) => isThere(machine, place)));
      return !found.includes(true);
    }),
  );
  const missing = guardrails.filter((_, index) => isMissing[index]);
  if (missing.length === 0) return ok(guardrails.join(', '));
  return warning(
    `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not in ${posix.join(models.path, models.hub)}`,
    'Most models need both: accept their terms on huggingface.co, and fetch them there with hf download.',
  );
}

async function isThere(machine: RemoteMachine, path: string): Promise<boolean> {
  return (await machine.files.step((session) => session.stat(path))) !== null;
}

/** What is missing and not needed is mentioned only. */
function notNeeded(check: CheckResult, why: string): CheckResult {
  if (check.status !== 'failed') return check;
  return { ...check, status: 'ok', detail: `${check.detail}, and ${why}`, fix: null };
}

async function checkGpus(machine: RemoteMachine, { servesModel }: HostUse): Promise<Finding> {
  const { settings, docker } = machine.options;
  const { gpus, workers } = settings;
  if (gpus === 'none' || docker.num_gpu === 0) return ok('none wanted');
  const wanted = Array.from({ length: workers }, (_, slotId) =>
    gpusFor(machine, 'upsampler', slotId, workers),
  ).flat();
  const { hasNvidiaRuntime } = await daemonFacts(machine.docker);
  if (hasNvidiaRuntime) return ok(`${wanted.join(', ')} for ${workers} workers`);
  // Without a model to serve, workers that upscale use the processor.
  return (servesModel ? failed : warning)(
    'the Docker daemon has no NVIDIA runtime',
    'Install nvidia-container-toolkit there, or set gpus = "none" if the host has no GPU.',
  );
}
