import type { QueueSettings } from '../../core/settings/settings-schema.ts';
import { AppError } from '../../errors/app-error.ts';
import type { SharedStore } from '../../ports/shared-store.ts';
import { expandHome } from '../cosmos-folders.ts';
import { assertFolderIsThere, FolderStore } from './folder-store.ts';

/** Opens the store of the settings. @throws AppError `config-invalid`, and those of connecting. */
export async function openStore({ store }: Pick<QueueSettings, 'store'>): Promise<SharedStore> {
  if (store === '')
    throw new AppError({
      code: 'config-invalid',
      message: 'The queue has no store: a folder that every machine of it mounts.',
      nextStep: 'Set store under [queue], or give --store PATH.',
    });
  const folder = expandHome(store);
  await assertFolderIsThere(folder);
  return new FolderStore(folder);
}
