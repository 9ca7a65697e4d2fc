import type { HostSettings } from '../../core/settings/settings-schema.ts';
import type { ImageRole } from '../../ports/host-upkeep.ts';

/** Repositories of images that are built on the host itself; all others are pulled. */
const ownRepositories: Readonly<Record<ImageRole, string>> = {
  upsampler: 'cosmos-upsampler',
  upscaler: 'cosmos-upscaler',
};

/** All there are, the one that most runs want first. */
export const imageRoles = ['upsampler', 'upscaler'] as const satisfies readonly ImageRole[];

/** An image of workers as the settings name it. */
export interface WorkerImage {
  readonly role: ImageRole;
  /** `[hosts.NAME] image` or `upscaler_image`. */
  readonly name: string;
  /** What it is built on; empty for its Dockerfile's own. */
  readonly baseImage: string;
}

/** What a host's settings say of one of its images. */
export function workerImageOf(
  settings: Pick<HostSettings, 'image' | 'base_image' | 'upscaler_image' | 'upscaler_base_image'>,
  role: ImageRole,
): WorkerImage {
  return role === 'upsampler'
    ? { role, name: settings.image, baseImage: settings.base_image }
    : { role, name: settings.upscaler_image, baseImage: settings.upscaler_base_image };
}

/** Whether an image is built on the host, and not pulled. */
export function isBuilt({ role, name }: Pick<WorkerImage, 'role' | 'name'>): boolean {
  const repository = ownRepositories[role];
  return name === repository || name.startsWith(`${repository}:`);
}

/** The command that makes an image be on a host. */
export function prepareCommand(hostName: string, role: ImageRole): string {
  return `cosmos host prepare ${hostName}${role === 'upscaler' ? ' --upscaler' : ''}`;
}
