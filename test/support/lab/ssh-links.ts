import { afterEach } from 'vitest';
import {
  type ResolveOptions,
  resolveTarget,
  type SshSettings,
} from '../../../src/adapters/ssh/resolve-target.ts';
import { SshLink, type SshLinkOptions } from '../../../src/adapters/ssh/ssh-link.ts';
import { systemClock } from '../../../src/adapters/system-clock.ts';

const open = new Set<SshLink>();

/** How a test's link differs from the usual one. */
export interface LinkOptions extends Partial<Omit<SshLinkOptions, 'target'>>, Partial<ResolveOptions> {
  readonly name?: string;
}

/** A link for one test, closed when the test is over. No agent and no configuration of the machine's user counts. */
export async function linkTo(settings: SshSettings, options: LinkOptions = {}): Promise<SshLink> {
  const { name = 'lab', env = {}, sshConfigFile = '/dev/null', ...parts } = options;
  const target = await resolveTarget(name, settings, { env, sshConfigFile });
  const link = new SshLink({
    target,
    clock: systemClock,
    random01: () => Math.random(),
    retryForMs: 20_000,
    ...parts,
  });
  open.add(link);
  return link;
}

/** Closes what `linkTo` made. Call it once in a test file. */
export function closeLinksAfterEach(): void {
  afterEach(async () => {
    await Promise.all([...open].map((link) => link.close()));
    open.clear();
  });
}
