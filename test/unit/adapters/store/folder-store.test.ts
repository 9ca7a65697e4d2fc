import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { assertFolderIsThere, FolderStore } from '../../../../src/adapters/store/folder-store.ts';
import { describeStore } from '../../../support/contracts/store-contract.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const root = await temporaryFolder();

describeStore(async () => {
  const folder = await mkdtemp(join(root, 's-'));
  return {
    create: async () => new FolderStore(folder),
    damage: async (path) => {
      // Another file: the one there may be a second name of what it was made of.
      await rm(join(folder, path));
      await writeFile(join(folder, path), 'a sebment');
    },
  };
});

it('is never a folder that is made by mistake', async () => {
  await assertFolderIsThere(root);
  const wrong = assertFolderIsThere(join(root, 'not-mounted'));
  await expect(wrong).rejects.toMatchObject({ code: 'config-invalid', message: /not-mounted/ });
});
