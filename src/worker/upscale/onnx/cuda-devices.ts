import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The part of ONNX Runtime that computes on NVIDIA's GPUs; it is installed apart from the rest, for Linux on x64. */
const providerLibrary = '../bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so';

/**
 * Number of the GPU that a lane takes, as CUDA counts them; null where there is none, or ONNX Runtime has come without
 * what it needs for it. Lanes take GPUs in turns.
 */
export function cudaDeviceFor(lane: number): number | null {
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
