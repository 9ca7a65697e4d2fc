import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { HostSettings } from '../../../src/core/settings/settings-schema.ts';

const run = promisify(execFile);

/** How a host is reached. */
export type Way = Pick<HostSettings, 'address' | 'port' | 'user' | 'identity_file' | 'known_hosts_file'>;

/** `sftp put`, of a file or, with `-r` in `flags`, a folder; `flags` come before everything else. */
export async function sftpPut(
  way: Way,
  from: string,
  to: string,
  place: { readonly scratch: string; readonly flags?: readonly string[]; readonly isFolder?: boolean },
): Promise<void> {
  const batch = join(place.scratch, 'sftp-batch');
  await writeFile(batch, `put ${place.isFolder ? '-r ' : ''}${from} ${to}\n`);
  await run('sftp', [...(place.flags ?? []), '-q', '-b', batch, ...optionsOf(way), target(way)]);
}

/** `scp -r`, which speaks SFTP since OpenSSH 9. */
export async function scpFolder(way: Way, from: string, to: string): Promise<void> {
  await run('scp', ['-q', '-r', ...optionsOf(way), from, `${target(way)}:${to}`]);
}

/** Nothing of the user's own settings counts. */
function optionsOf({ port, identity_file: identity, known_hosts_file: knownHosts }: Way): string[] {
  const options = [
    `IdentityFile=${identity}`,
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    `UserKnownHostsFile=${knownHosts}`,
    'BatchMode=yes',
  ];
  return ['-F', '/dev/null', '-P', String(port), ...options.flatMap((option) => ['-o', option])];
}

function target({ user, address }: Way): string {
  return `${user}@${address}`;
}
