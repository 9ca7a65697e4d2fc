import { usageError } from '../../errors/app-error.ts';
import type { LibraryModel } from '../../ports/model-library.ts';
import type { Ports } from '../../ports/ports.ts';

/**
 * The models that can be used by name.
 *
 * @param isMeasured - Those that are installed are tried out first, each for some seconds.
 * @param names - Only these; empty: all.
 * @param onMeasure - Told which one is tried now.
 * @throws AppError `usage-invalid` for a name that there is not; those of `ModelLibrary.measure`.
 */
export async function listNetworks(
  { names, isMeasured }: { readonly names: readonly string[]; readonly isMeasured: boolean },
  { modelLibrary }: Pick<Ports, 'modelLibrary'>,
  onMeasure: (name: string) => void,
  signal: AbortSignal,
): Promise<readonly LibraryModel[]> {
  const listed = await modelLibrary.list();
  const missing = names.find((name) => listed.every((model) => model.name !== name));
  if (missing !== undefined)
    throw usageError(`There is no model ${missing}.`, 'List those that there are with: cosmos models');
  const wanted = listed.filter(({ name }) => names.length === 0 || names.includes(name));
  if (!isMeasured) return wanted;
  const measured: LibraryModel[] = [];
  for (const model of wanted) {
    if (model.isInstalled) onMeasure(model.name);
    const speed = model.isInstalled ? await modelLibrary.measure(model.name, signal) : model.speed;
    measured.push({ ...model, speed });
  }
  return measured;
}
