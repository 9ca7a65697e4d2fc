import { localHostName } from '../../core/settings/host-named.ts';
import { AppError } from '../../errors/app-error.ts';
import type { ModelUse } from '../../ports/model-files.ts';
import type { Ports } from '../../ports/ports.ts';

/**
 * A model that cannot do what it is named for is refused before its video is read. Another machine may compute what this one
 * cannot: then only the model itself is judged.
 *
 * @param host - Where the model is to be computed.
 * @throws AppError as {@link ModelFiles}.
 */
export async function assertModel(
  path: string,
  use: ModelUse,
  host: string,
  { models }: Pick<Ports, 'models'>,
  signal?: AbortSignal,
): Promise<void> {
  await models.assertOnnx(path);
  try {
    await models.tryOut(path, use, signal);
  } catch (error) {
    const isOfThisMachine = error instanceof AppError && error.code === 'prerequisite-missing';
    if (!isOfThisMachine || host === localHostName) throw error;
  }
}
