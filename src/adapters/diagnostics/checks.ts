import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { availableParallelism, freemem } from 'node:os';
import { join } from 'node:path';
import type { Settings } from '../../core/settings/settings-schema.ts';
import type { AppError } from '../../errors/app-error.ts';
import { isErrno } from '../../errors/system-error.ts';
import { runProcess } from '../run-process.ts';
import { type Check, failed, ok, warning } from './run-checks.ts';

const gib = 1024 ** 3;

/** Below this much free space a folder is worth a warning, in bytes. */
const littleSpaceBytes = gib;

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

/** A folder that must take files, with room left on its disk. */
export function folderCheck(name: string, folder: string, isNeededNow: boolean): Check {
  return {
    name,
    run: async () => {
      try {
        if (isNeededNow) await mkdir(folder, { recursive: true });
        const trial = join(folder, `.cosmos-doctor-${process.pid}`);
        await writeFile(trial, 'x');
        await rm(trial);
      } catch (error) {
        if (!isNeededNow && isErrno(error, 'ENOENT')) return ok(`${folder} (made when needed)`);
        return failed(
          `${folder} is not writable`,
          'Make it writable for your user, or choose another folder.',
        );
      }
      const disk = await statfs(folder);
      const freeBytes = disk.bavail * disk.bsize;
      const detail = `${folder}, ${(freeBytes / gib).toFixed(1)} GiB free`;
      if (freeBytes >= littleSpaceBytes) return ok(detail);
      return warning(detail, 'Free some space: hints and results are kept there.');
    },
  };
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
