import type { z } from 'zod';
import { parseJsonAs } from '../../core/json.ts';
import { AppError } from '../../errors/app-error.ts';
import { runProcess } from '../run-process.ts';
import { asFileUrl } from './input-options.ts';
import { cannotRead, startFailed } from './program-failures.ts';
import { sourceOptions } from './source-options.ts';
import { ffmpegReason } from './unreadable-video.ts';

/** How ffprobe is run. */
export interface AskOptions {
  readonly program: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Tags of many streams and chapters fit into this. */
const maxAnswerBytes = 16 * 1024 * 1024;

/**
 * Asks ffprobe for entries of a file.
 *
 * @throws AppError `video-unreadable` when it has no answer, or one of another shape than `schema`.
 */
export async function askFfprobe<T>(
  path: string,
  questions: readonly string[],
  schema: z.ZodType<T>,
  { program, timeoutMs, signal }: AskOptions,
): Promise<T> {
  const outcome = await runProcess(
    program,
    ['-v', 'error', ...sourceOptions, ...questions, '-of', 'json', '-i', asFileUrl(path)],
    { timeoutMs, maxStdoutBytes: maxAnswerBytes, signal },
  ).catch((error: unknown): never => {
    if (signal?.aborted) throw signal.reason;
    throw error instanceof AppError ? error : startFailed(program, error);
  });
  if (outcome.isTimedOut) throw cannotRead(path, `looking into it took more than ${timeoutMs / 1000} s`);
  if (outcome.exitCode !== 0) throw cannotRead(path, ffmpegReason(outcome.stderr));
  const answer = parseJsonAs(schema, outcome.stdout);
  if (answer === null) throw cannotRead(path, 'what ffprobe says of it makes no sense');
  return answer;
}
