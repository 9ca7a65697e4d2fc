import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { messageOf } from '../../../errors/app-error.ts';
import { LaneFailure, laneFailureOf } from './lane-failure.ts';
import type { LaneOptions, OnnxLaneFacts } from './lane-protocol.ts';
import type { SampleType } from './picture-graph.ts';

export type Runtime = typeof import('onnxruntime-node');
export type Session = Awaited<ReturnType<Runtime['InferenceSession']['create']>>;
type SessionOptions = NonNullable<Parameters<Runtime['InferenceSession']['create']>[1]>;

/** Samples of pictures: 8 or 16 bits. */
export type Samples = Uint8Array | Uint16Array;

interface SessionRequest extends Pick<LaneOptions, 'lane' | 'threads'> {
  /** The whole file, as it was checked: what its path leads to by now may be another. */
  readonly model: Uint8Array;
  /** Makes the same for a GPU with numbers of half precision; null where its own numbers are to be kept. */
  readonly halvedModel?: (() => Uint8Array) | null;
}

/** A model that is loaded, and what computes it. */
interface OpenSession {
  readonly session: Session;
  readonly provider: OnnxLaneFacts['provider'];
  /** Why it is not what it could be. */
  readonly notes: readonly string[];
}

/**
 * Loads ONNX Runtime for the rest of this process, and changes two things for that:
 * - Its official builds report every model and session to their maker and keep a number of this machine under
 *   `~/.cache`, unless a variable says no before they start.
 * - There is no `Float16Array` from then on: with one, its binding for Node wraps half-precision numbers in it and takes
 *   its length for 0. Without, it takes their bits as they are.
 *
 * @throws LaneFailure `runtime` where it is not installed, or does not fit this machine.
 */
export async function loadRuntime(): Promise<Runtime> {
  process.env['ORT_DISABLE_TELEMETRY'] = '1';
  Reflect.deleteProperty(globalThis, 'Float16Array');
  try {
    return await import('onnxruntime-node');
  } catch (cause) {
    throw new LaneFailure(
      'runtime',
      `ONNX Runtime cannot be loaded: ${messageOf(cause)}. Install it with: npm install -g --ignore-scripts onnxruntime-node`,
      cause,
    );
  }
}

/**
 * Loads a model for the GPU where this machine has one that ONNX Runtime can use, and for the CPU where not.
 *
 * @throws LaneFailure `model` for what is no model; `out-of-memory`.
 */
export async function openSession(runtime: Runtime, options: SessionRequest): Promise<OpenSession> {
  const deviceId = cudaDeviceFor(options.lane);
  const notes: string[] = [];
  if (deviceId !== null) {
    try {
      const model = options.halvedModel?.() ?? options.model;
      const session = await create(runtime, { ...options, model }, [{ name: 'cuda', deviceId }, 'cpu']);
      if (model !== options.model) notes.push('the network computes with half precision');
      return { session, provider: 'cuda', notes };
    } catch (error) {
      // On a GPU that is full it would be a mistake to continue with the CPU: a smaller batch or fewer lanes may fit.
      if (laneFailureOf(error, 'failed').reason === 'out-of-memory') throw laneFailureOf(error, 'model');
      notes.push(`the GPU is not used: ${messageOf(error)}`);
    }
  }
  try {
    return { session: await create(runtime, options, ['cpu']), provider: 'cpu', notes };
  } catch (error) {
    throw laneFailureOf(error, 'model');
  }
}

/**
 * Loads a model only to ask it what it takes and gives.
 *
 * @throws LaneFailure `model` for what is no model; `out-of-memory`.
 */
export async function openDescription(runtime: Runtime, model: Uint8Array): Promise<Session> {
  try {
    return await runtime.InferenceSession.create(model, {
      ...{ executionProviders: ['cpu'], intraOpNumThreads: 1, graphOptimizationLevel: 'disabled' },
      ...{ logSeverityLevel: 4, extra: { session: { load_model_format: 'ONNX' } } },
    });
  } catch (error) {
    throw laneFailureOf(error, 'model');
  }
}

/** Memory for so many samples. @throws RangeError where there is not as much. */
export function newSamples(type: SampleType, length: number): Samples {
  return type === 'uint8' ? new Uint8Array(length) : new Uint16Array(length);
}

/** Pictures as a tensor, in the same memory. */
export function pictureTensor(
  { Tensor }: Runtime,
  samples: Samples,
  [batch, height, width]: readonly [batch: number, height: number, width: number],
) {
  const dims = [batch, height, width, 3];
  return samples instanceof Uint8Array
    ? new Tensor('uint8', samples, dims)
    : new Tensor('uint16', samples, dims);
}

async function create(
  runtime: Runtime,
  { model, threads }: SessionRequest,
  executionProviders: NonNullable<SessionOptions['executionProviders']>,
): Promise<Session> {
  return await runtime.InferenceSession.create(model, {
    executionProviders,
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    // Fatal ones only: all others come as exceptions, too.
    logSeverityLevel: 4,
    // Idle threads would take the cores from decoding and encoding while they wait for the next batch. And
    // the runtime's own format, which was not checked, is not taken.
    extra: { session: { intra_op: { allow_spinning: '0' }, load_model_format: 'ONNX' } },
  });
}

/** The part of ONNX Runtime that computes on NVIDIA's GPUs; it is installed apart from the rest, for Linux on x64. */
const providerLibrary = '../bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so';

/**
 * Number of the GPU that a lane takes, as CUDA counts them; null where there is none, or ONNX Runtime has come without
 * what it needs for it. Lanes are spread over the GPUs.
 */
function cudaDeviceFor(lane: number): number | null {
  if (process.platform !== 'linux' || process.arch !== 'x64') return null;
  const devices = countDevices(process.env['CUDA_VISIBLE_DEVICES']);
  return devices > 0 && hasProvider() ? lane % devices : null;
}

/** A container has the device files of the GPUs that it was given; Windows' Linux has one for all. */
function countDevices(visible: string | undefined): number {
  const files = readdirSync('/dev').filter((name) => /^nvidia\d+$/.test(name)).length;
  const devices = files > 0 ? files : existsSync('/dev/dxg') ? 1 : 0;
  if (visible === undefined || devices === 0) return devices;
  const chosen = visible.split(',').map((each) => each.trim());
  // CUDA takes those before the first that is none.
  const end = chosen.findIndex((each) => each === '' || each.startsWith('-'));
  return end === -1 ? chosen.length : end;
}

function hasProvider(): boolean {
  try {
    const main = createRequire(import.meta.url).resolve('onnxruntime-node');
    return existsSync(join(dirname(main), providerLibrary));
  } catch {
    return false;
  }
}
