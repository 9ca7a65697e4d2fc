import { spawn } from 'node:child_process';
import { environmentForChild } from '../core/child-environment.ts';

interface Opener {
  readonly program: string;
  readonly programArguments: readonly string[];
}

/**
 * Opens a file in the program that the desktop has for it, without a shell; false where there is no desktop, or none of its
 * programs is found.
 */
export async function openOnDesktop(
  path: string,
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform,
): Promise<boolean> {
  const opener = openerOf(path, env, platform);
  if (opener === null) return false;
  const child = spawn(opener.program, opener.programArguments, {
    detached: true,
    stdio: 'ignore',
    env: environmentForChild(env, { hasNetwork: true }),
  });
  return await new Promise((settle) => {
    child.once('error', () => settle(false));
    child.once('spawn', () => {
      child.unref();
      settle(true);
    });
  });
}

function openerOf(path: string, env: NodeJS.ProcessEnv, platform: NodeJS.Platform): Opener | null {
  // Another machine's desktop is not the one that the user sits at.
  if (env['SSH_CONNECTION']) return null;
  if (platform === 'darwin') return { program: 'open', programArguments: [path] };
  if (platform === 'win32')
    return { program: 'rundll32.exe', programArguments: ['url.dll,FileProtocolHandler', path] };
  const hasDesktop = Boolean(env['DISPLAY'] || env['WAYLAND_DISPLAY']);
  return hasDesktop ? { program: 'xdg-open', programArguments: [path] } : null;
}
