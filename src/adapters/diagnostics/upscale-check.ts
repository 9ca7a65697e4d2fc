import { access, constants } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Settings } from '../../core/settings/settings-schema.ts';
import type { Check } from './check-list.ts';

/** What `upscale` needs by these settings: nothing more than ffmpeg, or a model and the runtime that reads it. */
export function upscaleCheck({ upscaling }: Pick<Settings, 'upscaling'>, isLocal: boolean): Check {
  const { engine, model } = upscaling;
  return {
    name: 'upscaling',
    run: async () => {
      if (engine !== 'onnx') return { status: 'ok', detail: `${engine} (embedded, no model)`, fix: null };
      if (model === '') {
        const fix = 'Set model under [upscaling], or name one with --model.';
        return { status: 'warning', detail: 'onnx without a model', fix };
      }
      const path = resolve(model);
      const isThere = await access(path, constants.R_OK).then(
        () => true,
        () => false,
      );
      if (!isThere)
        return {
          status: 'failed',
          detail: `${path} cannot be read`,
          fix: 'Correct model under [upscaling].',
        };
      // On a host the runtime is in the image.
      if (isLocal && !isRuntimeThere()) {
        return {
          status: 'failed',
          detail: 'ONNX Runtime is not installed',
          fix: 'Install it with: npm install onnxruntime-node',
        };
      }
      return { status: 'ok', detail: `onnx, ${path}`, fix: null };
    },
  };
}

/** Found, not loaded: loading is a lane's business. */
function isRuntimeThere(): boolean {
  try {
    return import.meta.resolve('onnxruntime-node') !== '';
  } catch {
    return false;
  }
}
