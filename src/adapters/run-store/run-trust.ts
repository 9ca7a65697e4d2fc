import { stat } from 'node:fs/promises';
import { shellQuoted } from '../../core/run/shell-quoted.ts';
import type { ShownSetting } from '../../core/settings/settings-origin.ts';
import { AppError, messageOf } from '../../errors/app-error.ts';
import type { Approvals } from '../approvals.ts';
import { whoElseWrites } from '../files/ownership.ts';
import { unlessMissing } from '../files/unless-missing.ts';
import { runPaths } from './run-paths.ts';

/** A run as the user may approve it. */
export interface RunToApprove {
  readonly folder: string;
  /** Of its checkpoint, and of the settings that a later session gave it: all of them have to be approved. */
  readonly ids: readonly string[];
  readonly shown: readonly ShownSetting[];
}

interface RunTrustOptions {
  readonly approvals: Approvals;
  /** Asks the user, who is shown the run; false off a terminal. */
  readonly ask: (run: RunToApprove) => Promise<boolean>;
  readonly now: () => number;
  /** Called once when an approval cannot be written: no run fails for it before it is resumed. */
  readonly onFailure: (reason: string) => void;
}

/** Which runs continue without a question: those that this user started or approved. */
export class RunTrust {
  readonly #options: RunTrustOptions;
  #hasFailed = false;

  constructor(options: RunTrustOptions) {
    this.#options = options;
  }

  async isApproved(ids: readonly string[]): Promise<boolean> {
    for (const id of ids) if (!(await this.#options.approvals.has('run', id))) return false;
    return true;
  }

  /** Remembers what the user started themselves. */
  async note(run: RunToApprove): Promise<void> {
    try {
      await this.#add(run, true);
    } catch (error) {
      if (!this.#hasFailed) this.#options.onFailure(messageOf(error));
      this.#hasFailed = true;
    }
  }

  /** Remembers what the user approved. Errors of the system pass through. */
  async approve(run: RunToApprove): Promise<void> {
    await this.#add(run, false);
  }

  /** @throws AppError `run-not-trusted` for a run that the user neither started nor approves. */
  async assertApproved(run: RunToApprove): Promise<void> {
    if (await this.isApproved(run.ids)) return;
    await assertOwned(run.folder);
    if (!(await this.#options.ask(run))) throw notTrusted(run);
    await this.approve(run);
  }

  async #add({ folder, ids, shown }: RunToApprove, isStarted: boolean): Promise<void> {
    const { approvals, now } = this.#options;
    const approved_at = new Date(now()).toISOString();
    const about = {
      path: folder,
      approved_at,
      settings: shown.map(({ name }) => name),
      is_started: isStarted,
    };
    for (const id of ids)
      if (!(await approvals.has('run', id))) await approvals.add({ kind: 'run', id, ...about });
  }
}

/**
 * Only a run that no other user can change meanwhile can be approved.
 *
 * @throws AppError `run-not-trusted`.
 */
export async function assertOwned(folder: string): Promise<void> {
  const { checkpoint, journal } = runPaths(folder);
  for (const path of [checkpoint, journal]) {
    const stats = await unlessMissing(stat(path));
    const othersMayWrite = stats && whoElseWrites(stats);
    if (othersMayWrite !== null)
      throw new AppError({
        code: 'run-not-trusted',
        message: `The run in ${folder} is not continued, because of its ${path.slice(folder.length + 1)}: ${othersMayWrite}.`,
        nextStep: othersMayWrite.includes('belongs')
          ? `Copy the folder, so that it is yours, once you have read it: cp -r ${shellQuoted(folder)} COPY`
          : `Allow its files to yourself alone: chmod -R go-w ${shellQuoted(folder)}`,
      });
  }
}

function notTrusted({ folder, shown }: RunToApprove): AppError {
  const names = shown.map(({ name }) => name).filter((name) => name !== 'run');
  return new AppError({
    code: 'run-not-trusted',
    message: `cosmos has no record that you started the run in ${folder} on this machine (earlier versions kept none), and you have not approved it. It says for itself what to read, send and write: ${names.join(', ')}.`,
    nextStep: `See what it does, and approve it, with: cosmos trust ${shellQuoted(folder)}`,
  });
}
