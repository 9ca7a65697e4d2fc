import { foreignModelOf, formatHeadBytes } from '../core/models/model-format.ts';
import { AppError } from '../errors/app-error.ts';
import { isSystemError } from '../errors/system-error.ts';
import type { ModelFiles, TriedModel } from '../ports/model-files.ts';
import { openRegularFile } from './files/open-file.ts';

/** {@link ModelFiles} of this machine. A model that was tried out once is not tried out again by this process. */
export class LocalModelFiles implements ModelFiles {
  readonly #load: ModelFiles['tryOut'];
  readonly #good = new Map<string, TriedModel | null>();

  /** @param load - Loads a model with what computes it. */
  constructor(load: ModelFiles['tryOut']) {
    this.#load = load;
  }

  async assertOnnx(path: string, flag: '--model' | '--detect' = '--model'): Promise<void> {
    const foreign = foreignModelOf(await headOf(path, pathSteps[flag]), path);
    if (foreign === null) return;
    const message = `The model ${path} ${foreign.what}.`;
    throw new AppError({ code: 'model-unreadable', message, nextStep: foreign.nextStep });
  }

  async tryOut(...asked: Parameters<ModelFiles['tryOut']>): Promise<TriedModel | null> {
    const [path, use] = asked;
    const key = JSON.stringify([path, use]);
    const known = this.#good.get(key);
    if (known !== undefined) return known;
    const found = await this.#load(...asked);
    this.#good.set(key, found);
    return found;
  }
}

/** What to correct where there is no such file. */
const pathSteps = {
  '--model': 'Correct its path: --model PATH, or model in config.toml.',
  '--detect': '--detect takes text or a model file (.onnx): --detect text, or --detect PATH.',
} as const;

async function headOf(path: string, nextStep: string): Promise<Uint8Array> {
  try {
    await using file = await openRegularFile(path);
    const { buffer, bytesRead } = await file.read(new Uint8Array(formatHeadBytes), 0, formatHeadBytes, 0);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const reasons: Readonly<Record<string, string>> = { ENOENT: 'it is not there' };
    throw new AppError({
      code: 'input-missing',
      message: `The model ${path} cannot be read: ${reasons[error.code] ?? error.message}.`,
      nextStep,
    });
  }
}
