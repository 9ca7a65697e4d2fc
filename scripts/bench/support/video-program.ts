import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type VideoReport, videoReportSchema } from '../../../src/core/video/video-report.ts';
import type { BenchFilm } from './bench-film.ts';
import { assertSucceeded, runProgram } from './program.ts';
import { markedEnvironment } from './run-processes.ts';
import { type Peaks, watchRun } from './run-watch.ts';
import type { Sandbox } from './sandbox.ts';

/** One run of a command that makes a video of a video, from the start of the process to its end. */
export interface VideoRun {
  readonly wallMs: number;
  readonly report: VideoReport;
  readonly outputPath: string;
  readonly outputBytes: number;
}

/** Has a command make a video of a film in the sandbox; nothing of earlier runs is there, and nothing but the output is kept. */
export async function videoOnce(
  sandbox: Sandbox,
  film: Pick<BenchFilm, 'path'>,
  command: readonly string[],
  mark: string = randomUUID(),
): Promise<VideoRun> {
  await clearRuns(sandbox);
  await mkdir(sandbox.path('output'));
  const outputPath = sandbox.path('output', 'made.mp4');
  const marked = { ...sandbox, env: markedEnvironment(sandbox.env, mark) };
  const given = [...command, film.path, '-o', outputPath, '--no-progress'];
  const run = await runProgram(marked, given);
  assertSucceeded(run);
  const { size } = await stat(outputPath);
  return { wallMs: run.wallMs, report: await readReport(sandbox), outputPath, outputBytes: size };
}

/** The same with somebody who watches, which takes a little time itself. */
export async function videoWatched(
  sandbox: Sandbox,
  film: Pick<BenchFilm, 'path'>,
  command: readonly string[],
): Promise<VideoRun & { readonly peaks: Peaks }> {
  await clearRuns(sandbox);
  const mark = randomUUID();
  const folders = [sandbox.path('checkpoints'), sandbox.path('home', '.cosmos'), sandbox.path('output')];
  const ignored = new Set([(await stat(film.path)).ino]);
  const { result, peaks } = await watchRun({ mark, folders, ignored }, () =>
    videoOnce(sandbox, film, command, mark),
  );
  return { ...result, peaks };
}

/** Removes runs and outputs, as well as what the host keeps of them. */
async function clearRuns(sandbox: Sandbox): Promise<void> {
  for (const folder of ['checkpoints', 'output', join('home', '.cosmos')])
    await rm(sandbox.path(folder), { recursive: true, force: true, maxRetries: 5 });
}

async function readReport(sandbox: Sandbox): Promise<VideoReport> {
  const [runId = ''] = await readdir(sandbox.path('checkpoints'));
  const text = await readFile(sandbox.path('checkpoints', runId, 'report.json'), 'utf8');
  return videoReportSchema.parse(JSON.parse(text));
}
