import type { HostConfig } from 'dockerode';

/**
 * What no worker's container may do, whatever the settings say: gain rights, write outside its mounts, or take all
 * of the host's processes. The network is left to the settings.
 */
export const confinement = {
  CapDrop: ['ALL'],
  SecurityOpt: ['no-new-privileges:true'],
  ReadonlyRootfs: true,
  Privileged: false,
  // An engine for a large model runs some hundred threads, each of which counts.
  PidsLimit: 4096,
} as const satisfies HostConfig;
