import { AppError, messageOf } from '../../errors/app-error.ts';
import type { CheckResult } from '../../ports/diagnostics.ts';
import type { ImageRole } from '../../ports/host-upkeep.ts';
import { daemonFacts } from '../docker/daemon-facts.ts';
import { findImage } from '../docker/images.ts';
import { prepareCommand, workerImageOf } from '../docker/worker-images.ts';
import type { RemoteMachine } from './remote-machine.ts';
import { makeRoot } from './remote-root.ts';
import { type ContainerSettings, gpusFor } from './worker-containers.ts';

/** Below this much free space a host is worth a warning, in bytes. */
const littleSpaceBytes = 10 * 1024 ** 3;

const gib = 1024 ** 3;

/** The host that is looked at. */
interface CheckedHost extends ContainerSettings {
  readonly name: string;
  /** Whether its workers are to start the model's server … */
  readonly servesModel: boolean;
  /** … or to upscale with a model. */
  readonly upscalesWithModel: boolean;
}

type Finding = Omit<CheckResult, 'name'>;

/** Everything a host needs, in the order in which one thing stands on the other. Never throws. */
export async function checkSshHost(
  open: () => Promise<RemoteMachine>,
  parts: CheckedHost,
): Promise<readonly CheckResult[]> {
  const connected = await checked('ssh', async () => {
    const machine = await open();
    await machine.root();
    return ok(machine.address);
  });
  if (connected.status === 'failed') return [connected];
  const machine = await open();
  return [
    connected,
    await checked('host root', () => checkRoot(machine)),
    await checked('docker', async () => ok(`engine ${(await machine.docker.version()).version}`)),
    ...(await checkImages(machine, parts)),
    await checked('gpus', () => checkGpus(machine, parts)),
  ];
}

async function checkRoot(machine: RemoteMachine): Promise<Finding> {
  const path = await machine.root();
  const space = await machine.files.step(async (session) => {
    await makeRoot(session, path);
    return await session.space(path);
  });
  if (space === null) return ok(path);
  const detail = `${path}, ${(space.freeBytes / gib).toFixed(1)} GiB free`;
  if (space.freeBytes >= littleSpaceBytes) return ok(detail);
  return { status: 'warning', detail, fix: `Free some space: cosmos host prune ${machine.name}` };
}

/** One of them is enough for what needs no model; which ones are needed beyond that, the settings say. */
async function checkImages(machine: RemoteMachine, parts: CheckedHost): Promise<readonly CheckResult[]> {
  const { servesModel, upscalesWithModel } = parts;
  const upscaler = await checked('upscaler image', () => checkImage(machine, parts, 'upscaler'));
  const isOtherEnough = upscaler.status === 'ok' && !servesModel;
  const upsampler = await checked('image', () => checkImage(machine, parts, 'upsampler'));
  return [
    isOtherEnough ? notNeeded(upsampler, 'not needed without a model to serve') : upsampler,
    upscalesWithModel ? upscaler : notNeeded(upscaler, 'needed only to upscale with a model'),
  ];
}

async function checkImage(machine: RemoteMachine, parts: CheckedHost, role: ImageRole): Promise<Finding> {
  const { name: image } = workerImageOf(parts.settings, role);
  const found = await findImage(machine.docker, image);
  if (found !== null) return ok(image);
  return {
    status: 'failed',
    detail: `${image} is not there`,
    fix: `Build or pull it: ${prepareCommand(parts.name, role)}`,
  };
}

/** What is missing and not needed is worth a word, and no more. */
function notNeeded(check: CheckResult, why: string): CheckResult {
  if (check.status !== 'failed') return check;
  return { ...check, status: 'ok', detail: `${check.detail}, and ${why}`, fix: null };
}

async function checkGpus(machine: RemoteMachine, parts: CheckedHost): Promise<Finding> {
  const { gpus, workers } = parts.settings;
  if (gpus === 'none' || parts.docker.num_gpu === 0) return ok('none wanted');
  const wanted = Array.from({ length: workers }, (_, slotId) => gpusFor(slotId, parts, workers)).flat();
  const { hasNvidiaRuntime } = await daemonFacts(machine.docker);
  if (hasNvidiaRuntime) return ok(`${wanted.join(', ')} for ${workers} workers`);
  return {
    // Without a model to serve the workers do without: those that upscale take the processor.
    status: parts.servesModel ? 'failed' : 'warning',
    detail: 'the Docker engine has no NVIDIA runtime',
    fix: 'Install nvidia-container-toolkit there, or set gpus = "none" if the host has no GPU.',
  };
}

async function checked(name: string, look: () => Promise<Finding>): Promise<CheckResult> {
  try {
    return { name, ...(await look()) };
  } catch (error) {
    const fix = error instanceof AppError ? error.nextStep : null;
    return { name, status: 'failed', detail: messageOf(error), fix: fix ?? 'See the message.' };
  }
}

function ok(detail: string): Finding {
  return { status: 'ok', detail, fix: null };
}
