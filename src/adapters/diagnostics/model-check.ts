import { access, constants } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Settings } from '../../core/settings/settings-schema.ts';
import { type Check, failed, ok, warning } from './run-checks.ts';

/**
 * What `upscale` or `retouch` needs by these settings: nothing more than ffmpeg, or a model and the runtime that reads it,
 * or a program of the user's.
 */
export function modelCheck(name: 'upscaling' | 'retouching', settings: Settings, isLocal: boolean): Check {
  const { engine, model } = settings[name];
  return {
    name,
    run: async () => {
      if (engine === 'command') return ok(`command: ${settings.retouching.command[0] ?? 'none yet'}`);
      if (engine !== 'onnx') return ok(`${engine} (embedded, no model)`);
      if (model === '')
        return warning('onnx without a model', `Set model under [${name}], or give one with --model.`);
      const path = resolve(model);
      try {
        await access(path, constants.R_OK);
      } catch {
        return failed(`${path} cannot be read`, `Correct model under [${name}].`);
      }
      // On a host the runtime is in the image.
      if (isLocal && !isRuntimeThere())
        return failed('ONNX Runtime is not installed', 'Install it with: npm install onnxruntime-node');
      return ok(`onnx, ${path}`);
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
