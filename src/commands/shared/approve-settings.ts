import type { CommandContext } from '../../composition.ts';
import { AppError } from '../../errors/app-error.ts';
import {
  notApprovedText,
  runTrustQuestion,
  trustCommand,
  trustQuestion,
} from '../../output/text/trust-text.ts';
import type { Ports } from '../../ports/ports.ts';
import { approveSettings, type LoadedSettings } from '../../settings-composition.ts';
import { askYesNo } from './ask-yes-no.ts';
import { shownText } from './shown-text.ts';

type PrivilegedFile = NonNullable<LoadedSettings['privileged']>;

/** Asks on a terminal whether the settings of a file count, and remembers a yes. Off a terminal the answer is no. */
export async function approvedByUser(file: PrivilegedFile): Promise<boolean> {
  if (file.refusal !== null || !process.stdin.isTTY || !process.stderr.isTTY) return false;
  process.stderr.write(shownText(`${trustQuestion(file.path, file.settings)}\n`));
  if (!(await askYesNo('Approve them for this folder?'))) return false;
  await approveSettings(file);
  return true;
}

/** Asks on a terminal whether a run that the user did not start may continue. Off a terminal the answer is no. */
export async function runApprovedByUser(run: Parameters<CommandContext['approveRun']>[0]): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return false;
  process.stderr.write(shownText(`${runTrustQuestion(run.folder, run.shown)}\n`));
  return await askYesNo('Approve this run?');
}

/** @throws AppError `config-not-trusted` for settings of a folder that the user has not approved. */
export function assertApproved({ privileged }: LoadedSettings): void {
  if (privileged === null || privileged.isApproved) return;
  const { path, settings, refusal } = privileged;
  throw new AppError({
    code: 'config-not-trusted',
    message:
      refusal === null
        ? notApprovedText(path, settings)
        : `${path} is not used, because ${refusal.reason} and it sets ${settings[0]?.name}.`,
    nextStep:
      refusal === null
        ? `Read them and approve them for this folder with: ${trustCommand(path)}`
        : refusal.fix,
  });
}

/** The same for a command that only reads. */
export function notApprovedNotice({ path, settings }: PrivilegedFile): string {
  return `${notApprovedText(path, settings)} They do not count here. Read and approve them with: ${trustCommand(path)}`;
}

/** Ports that reach no machine: settings that are not approved may be of it. */
export function withoutHosts(ports: Ports, loaded: LoadedSettings): Ports {
  const refuse = (): never => {
    assertApproved(loaded);
    throw new Error('there is nothing to approve');
  };
  return { ...ports, host: refuse, upkeep: refuse };
}
