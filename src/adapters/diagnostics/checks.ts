import { mkdir, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, freemem } from 'node:os';
import { join } from 'node:path';
import { type Unwritable, unwritableError, type WrittenFolder } from '../../core/run/written-folder.ts';
import type { Settings } from '../../core/settings/settings-schema.ts';
import { type AppError, messageOf } from '../../errors/app-error.ts';
import { isDiskFull, isErrno } from '../../errors/system-error.ts';
import { LocalSourceFiles } from '../files/local-source-files.ts';
import { folderRefusal, whyUnwritable } from '../files/unwritable.ts';
import { runProcess } from '../run-process.ts';
import { type Check, failed, ok, warning } from './run-checks.ts';

const gib = 1024 ** 3;

/** Below this much free space a folder is worth a warning, in bytes. */
const littleSpaceBytes = gib;

/** Below this much nothing worth a run fits, in bytes. */
const leastSpaceBytes = gib / 16;

export const nodeCheck: Check = {
  name: 'node',
  run: async () =>
    ok(
      `${process.versions.node} on ${process.platform}-${process.arch}, ${availableParallelism()} cores, ${(freemem() / gib).toFixed(1)} GiB of memory free`,
    ),
};

/** A program that must be there and able to print its version. */
export function programCheck(name: string, program: string, installLine: string): Check {
  return {
    name,
    run: async () => {
      try {
        const limits = { timeoutMs: 10_000, maxStdoutBytes: 1 << 20 };
        const { exitCode, stdout } = await runProcess(program, ['-version'], limits);
        const [firstLine = ''] = stdout.toString('utf8').split('\n');
        if (exitCode === 0) return ok(firstLine.replace(/ Copyright.*/, '').slice(0, 80));
        return failed(`${program} does not run`, installLine);
      } catch (error) {
        return failed(isErrno(error, 'ENOENT') ? 'not found' : `${program} does not run`, installLine);
      }
    },
  };
}

/**
 * A folder that must take files, with room left on its disk.
 *
 * @param isNeededNow - It is made if it is not there; otherwise it is enough that a run can make it.
 */
export function folderCheck(name: string, folder: WrittenFolder, isNeededNow: boolean): Check {
  const { path } = folder;
  return {
    name,
    run: async () => {
      const found = (await whyUnwritable(path)) ?? (await whyNoTrial(path, isNeededNow));
      if (found !== null) throw unwritableError(folder, found);
      const sources = new LocalSourceFiles();
      const detail = (await sources.isFolder(path)) ? path : `${path} (made when needed)`;
      const freeBytes = await sources.freeBytes(path);
      if (freeBytes === null) return ok(detail);
      const withSpace = `${detail}, ${(freeBytes / gib).toFixed(1)} GiB free`;
      if (freeBytes < leastSpaceBytes)
        return failed(withSpace, 'Free some space: a run would fill that disk.');
      if (freeBytes >= littleSpaceBytes) return ok(withSpace);
      return warning(withSpace, 'Free some space: hints and results are kept there.');
    },
  };
}

/** A share may allow writing and still refuse it. */
async function whyNoTrial(folder: string, isNeededNow: boolean): Promise<Unwritable | null> {
  try {
    if (isNeededNow) await mkdir(folder, { recursive: true });
    const trial = join(folder, `.cosmos-doctor-${process.pid}`);
    await writeFile(trial, 'x');
    await rm(trial);
    return null;
  } catch (error) {
    if (!isNeededNow && isErrno(error, 'ENOENT')) return null;
    return { isFull: isDiskFull(error), reason: folderRefusal(error) ?? messageOf(error) };
  }
}

/** Settings that contradict each other or leave something out. */
export function settingsCheck({ upsampling }: Settings, problem: AppError | null): Check {
  return {
    name: 'settings',
    run: async () => {
      if (problem) return { status: 'failed', detail: problem.message, fix: problem.nextStep };
      const { engine, max_tokens: maxTokens } = upsampling;
      if (engine.max_output_tokens >= maxTokens)
        return failed(
          'max_output_tokens leaves no room for the prompt',
          'Set max_output_tokens well below max_tokens.',
        );
      return ok(`engine ${engine.kind}, ${maxTokens} tokens, estimator ${upsampling.estimator}`);
    },
  };
}
