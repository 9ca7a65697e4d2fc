import type { PreviewRequest } from '../../ports/video-tool.ts';
import { reasonInStderr, unreadableVideo } from '../ffmpeg/failures.ts';
import { runFfmpeg } from '../ffmpeg/run-ffmpeg.ts';
import { asFileUrl, guardedInputOptions } from '../ffmpeg/source-file.ts';
import { publishFileBy } from '../files/publish-file.ts';

const limits = { timeoutMs: 30_000, maxStdoutBytes: 65_536 };
const fastestRate = 24;

/**
 * Clip and stills of a video, by one process that decodes it once.
 *
 * @throws AppError `video-unreadable`; `disk-full`.
 */
export async function renderPreview(
  program: string,
  request: PreviewRequest,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { clip, stills, sourcePath } = request;
  await publishFileBy(clip.path, async (clipPath) => {
    await publishFileBy(stills.path, async (stillsPath) => {
      const programArguments = previewArguments(request, clipPath, stillsPath);
      const { exitCode, stderrTail } = await runFfmpeg(program, programArguments, { ...limits, signal });
      if (exitCode !== 0) throw unreadableVideo(sourcePath, reasonInStderr(stderrTail));
    });
  });
}

function previewArguments(
  { sourcePath, durationSeconds, size, clip, stills }: PreviewRequest,
  clipPath: string,
  stillsPath: string,
): readonly string[] {
  const step = (durationSeconds / stills.count).toFixed(6);
  const small = `scale=${size.width}:${size.height}:out_color_matrix=bt601`;
  const filters = [
    '[0:V:0]setpts=PTS-STARTPTS,split[moving][still]',
    `[moving]${small}:out_range=tv,format=yuv420p,setsar=1[clip]`,
    `[still]select=gte(t+0.001\\,selected_n*${step}),${small}:out_range=pc,format=yuvj420p,setsar=1[stills]`,
  ];
  return [
    ...['-nostdin', '-y', '-v', 'error', ...guardedInputOptions, '-i', asFileUrl(sourcePath)],
    ...['-filter_complex', filters.join(';')],
    ...['-map', '[clip]', '-t', String(clip.seconds), '-fpsmax', String(fastestRate), '-map_metadata', '-1'],
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '26', '-colorspace', 'smpte170m'],
    ...['-movflags', '+faststart', '-f', 'mp4', asFileUrl(clipPath)],
    ...[
      '-map',
      '[stills]',
      '-frames:v',
      String(stills.count),
      '-fps_mode',
      'passthrough',
      '-map_metadata',
      '-1',
    ],
    ...['-c:v', 'mjpeg', '-q:v', '3', '-f', 'mp4', asFileUrl(stillsPath)],
  ];
}
