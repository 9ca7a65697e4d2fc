import type { Settings } from '../../core/settings/settings-schema.ts';
import { AppError } from '../../errors/app-error.ts';
import type { SharedStore } from '../../ports/shared-store.ts';
import { askPassphrase } from '../ask-passphrase.ts';
import { expandHome } from '../cosmos-folders.ts';
import { resolveTarget, type SshSettings } from '../ssh/resolve-target.ts';
import { SshLink } from '../ssh/ssh-link.ts';
import { systemClock } from '../system-clock.ts';
import { assertFolderIsThere, FolderStore } from './folder-store.ts';
import { SftpStore } from './sftp-store.ts';

export type StoreSettings = Pick<Settings, 'queue' | 'hosts' | 'retry'>;

/** Opens the store of the settings. @throws AppError `config-invalid`, and those of connecting. */
export async function openStore(settings: StoreSettings): Promise<SharedStore> {
  const { store } = settings.queue;
  if (store === '')
    throw new AppError({
      code: 'config-invalid',
      message: 'The queue has no store: a folder that all its machines can reach.',
      nextStep: 'Set store under [queue], or give --store: a mounted folder, or sftp://user@host/path.',
    });
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(store)) return await openSftpStore(store, settings);
  const folder = expandHome(store);
  await assertFolderIsThere(folder);
  return new FolderStore(folder);
}

/** Its host may be one of the settings, whose keys and port are then used. */
async function openSftpStore(store: string, { hosts, retry }: StoreSettings): Promise<SharedStore> {
  const { name, user, port, folder } = parseStoreAddress(store);
  const known = Object.hasOwn(hosts, name) ? hosts[name] : undefined;
  const ssh: SshSettings = {
    address: known?.address || name,
    port: port ?? known?.port ?? 22,
    user: user || (known?.user ?? ''),
    identity_file: known?.identity_file ?? '',
    known_hosts_file: known?.known_hosts_file ?? '~/.ssh/known_hosts',
  };
  const link = new SshLink({
    target: await resolveTarget(name, ssh, { env: process.env }),
    clock: systemClock,
    random01: Math.random,
    retryForMs: Math.round(retry.max_outage_s * 1000),
    askPassphrase,
  });
  return new SftpStore(link, name, folder);
}

/**
 * Reads `sftp://user@host:port/path`; a path that begins with `/~/` is below the user's home.
 *
 * @throws AppError `config-invalid` for anything else, and for a password in it.
 */
export function parseStoreAddress(store: string) {
  const url = URL.canParse(store) ? new URL(store) : null;
  const reason =
    url?.protocol !== 'sftp:' || url.hostname === ''
      ? 'it is neither a folder nor an address such as sftp://user@host/path'
      : url.password !== ''
        ? 'a password in an address can be seen by others; SSH keys are used'
        : url.pathname.length < 2
          ? 'it names no folder'
          : null;
  if (url === null || reason !== null)
    throw new AppError({
      code: 'config-invalid',
      message: `The store of the queue cannot be used: ${reason ?? 'it is not an address'}.`,
      nextStep: 'Set store under [queue], or give --store: a mounted folder, or sftp://user@host/path.',
    });
  return {
    name: decodeURIComponent(url.hostname),
    user: decodeURIComponent(url.username),
    port: url.port === '' ? null : Number(url.port),
    folder: decodeURIComponent(url.pathname).replace(/^\/~\//, ''),
  };
}
