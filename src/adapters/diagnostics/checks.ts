import { execFile } from 'node:child_process';
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { availableParallelism, freemem } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Settings } from '../../core/settings/settings-schema.ts';
import type { AppError } from '../../errors/app-error.ts';
import { isErrno } from '../../errors/system-error.ts';
import type { Check } from './check-list.ts';

const runFile = promisify(execFile);
const gib = 1024 ** 3;

/** Below this much free space a folder is worth a warning, in bytes. */
const littleSpaceBytes = gib;

/** Node itself, and the machine it runs on. */
export const nodeCheck: Check = {
  name: 'node',
  run: async () => ({
    status: 'ok',
    detail: `${process.versions.node} on ${process.platform}-${process.arch}, ${availableParallelism()} cores, ${(freemem() / gib).toFixed(1)} GiB of memory free`,
    fix: null,
  }),
};

/** A program that must be there and able to say its version. */
export function programCheck(name: string, program: string, installLine: string): Check {
  return {
    name,
    run: async () => {
      try {
        const { stdout } = await runFile(program, ['-version'], { timeout: 10_000, windowsHide: true });
        return {
          status: 'ok',
          detail:
            stdout
              .split('\n')[0]
              ?.replace(/ Copyright.*/, '')
              .slice(0, 80) ?? '',
          fix: null,
        };
      } catch (error) {
        const detail = isErrno(error, 'ENOENT') ? 'not found' : `${program} does not run`;
        return { status: 'failed', detail, fix: installLine };
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
        if (!isNeededNow && isErrno(error, 'ENOENT'))
          return { status: 'ok', detail: `${folder} (made when needed)`, fix: null };
        return {
          status: 'failed',
          detail: `${folder} cannot be written`,
          fix: 'Give yourself the right to write there, or choose another folder.',
        };
      }
      return await spaceOf(folder);
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
      if (engine.max_output_tokens >= maxTokens) {
        return {
          status: 'failed',
          detail: 'max_output_tokens leaves no room for the prompt',
          fix: 'Set max_output_tokens well below max_tokens.',
        };
      }
      return {
        status: 'ok',
        detail: `engine ${engine.kind}, ${maxTokens} tokens, estimator ${upsampling.estimator}`,
        fix: null,
      };
    },
  };
}

async function spaceOf(folder: string): Promise<Awaited<ReturnType<Check['run']>>> {
  const disk = await statfs(folder);
  const freeBytes = disk.bavail * disk.bsize;
  const detail = `${folder}, ${(freeBytes / gib).toFixed(1)} GiB free`;
  if (freeBytes >= littleSpaceBytes) return { status: 'ok', detail, fix: null };
  return { status: 'warning', detail, fix: 'Free some space: hints and results are kept there.' };
}
