import { resolve } from 'node:path';
import type { Settings } from '../../core/settings/settings-schema.ts';
import { usageError } from '../../errors/app-error.ts';
import type { ModelFiles, ModelUse } from '../../ports/model-files.ts';
import type { ModelLibrary } from '../../ports/model-library.ts';
import { type Check, failed, ok } from './run-checks.ts';

interface ModelCheckOptions {
  readonly isLocal: boolean;
  /** The model is loaded and given a picture, as at the start of a run. */
  readonly isDeep: boolean;
  readonly models: ModelFiles;
  readonly library: ModelLibrary;
}

/**
 * What `upscale` or `retouch` needs by these settings: nothing more than ffmpeg, or a model and the runtime that reads it,
 * or a program of the user's. Throws what a run would end with.
 */
export function modelCheck(
  name: 'upscaling' | 'retouching',
  settings: Settings,
  { isLocal, isDeep, models, library }: ModelCheckOptions,
): Check {
  const { engine, model } = settings[name];
  return {
    name,
    run: async () => {
      if (engine === 'command') return ok(`command: ${settings.retouching.command[0] ?? 'none yet'}`);
      if (engine !== 'onnx') return ok(`${engine} (embedded, no model)`);
      if (model === '') throw modelNotNamed(name);
      const path = name === 'upscaling' ? library.pathOf(model, settings.upscaling.scale) : resolve(model);
      await library.provide(path);
      await models.assertOnnx(path);
      // On a host the runtime is in the image.
      if (isLocal && !isRuntimeThere())
        return failed(
          'ONNX Runtime is not installed',
          'Install it with: npm install -g --ignore-scripts onnxruntime-node',
        );
      if (!isDeep) return ok(`onnx, ${path}; not loaded: --deep does`);
      await models.tryOut(path, useOf(name, settings));
      return ok(`onnx, ${path}; it was loaded, and did with a small picture what it should`);
    },
  };
}

function modelNotNamed(name: 'upscaling' | 'retouching') {
  return usageError('The engine onnx needs a model.', `Set model under [${name}], or give it with --model.`);
}

function useOf(name: 'upscaling' | 'retouching', { retouching }: Settings): ModelUse {
  if (name === 'upscaling') return { kind: 'upscale' };
  const { model_mask: modelMask, model_range: modelRange } = retouching;
  return { kind: 'retouch', modelMask, modelRange };
}

/** Found, not loaded: loading is a lane's business. */
function isRuntimeThere(): boolean {
  try {
    return import.meta.resolve('onnxruntime-node') !== '';
  } catch {
    return false;
  }
}
