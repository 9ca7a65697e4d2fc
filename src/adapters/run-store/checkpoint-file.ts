import { readFile } from 'node:fs/promises';
import { type Checkpoint, checkpointSchema, checkpointVersion } from '../../core/run/checkpoint.ts';
import { AppError } from '../../errors/app-error.ts';
import { isErrno } from '../files/publish-file.ts';

/**
 * Reads a `checkpoint.json`.
 *
 * @throws AppError `run-not-found`, `checkpoint-damaged`, or `checkpoint-version` for a file of another version.
 */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  const document = parseJson(await readText(path), path);
  const version =
    typeof document === 'object' && document !== null && 'version' in document ? document.version : null;
  if (typeof version === 'number' && version !== checkpointVersion) {
    throw new AppError({
      code: 'checkpoint-version',
      message: `${path} has version ${version}; this cosmos reads version ${checkpointVersion}.`,
      hint: 'Resume with the cosmos that began the run, or start a new run: finished prompts are reused.',
    });
  }
  const parsed = checkpointSchema.safeParse(document);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw damaged(
    path,
    `${issue?.path.map(String).join('.') || 'the file'}: ${issue?.message ?? 'has the wrong shape'}`,
  );
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (!isErrno(error, 'ENOENT') && !isErrno(error, 'ENOTDIR') && !isErrno(error, 'EISDIR')) throw error;
    throw new AppError({
      code: 'run-not-found',
      message: `There is no checkpoint at ${path}.`,
      hint: 'List the runs with: cosmos runs',
    });
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw damaged(path, text === '' ? 'the file is empty' : 'not valid JSON');
  }
}

function damaged(path: string, reason: string): AppError {
  return new AppError({
    code: 'checkpoint-damaged',
    message: `${path} is no checkpoint that cosmos wrote: ${reason}.`,
    hint: 'Start a new run: finished prompts are taken from the cache of results. Nothing was changed.',
  });
}
