import { dirname } from 'node:path';
import pMap from 'p-map';
import { fitInside } from '../../core/hints/display-size.ts';
import type { ReportedVideo } from '../../core/inference/inference-report.ts';
import type { Ports } from '../../ports/ports.ts';
import type { VideoPreview } from '../../ports/report-writer.ts';
import type { RunPaths } from '../../ports/run-store.ts';

type MadeFile = NonNullable<ReportedVideo['file']>;
type PreviewPorts = Pick<Ports, 'sources' | 'video'>;

/** Videos of a run that have a preview: more would not go into its page. */
export const maxPreviews = 400;
const box = { width: 320, height: 320 };
const clipSeconds = 5;
const stillCount = 3;
const inputFrameCount = 2;
/** A report is waited for: after this long nothing further is started. */
const longestMs = 6_000;

/** Files of the preview of a video, by its content. */
function previewPaths(sha256: string, paths: Pick<RunPaths, 'inside'>): VideoPreview {
  return {
    clip: paths.inside(`previews/${sha256}.mp4`),
    stills: paths.inside(`previews/${sha256}_frames.mp4`),
  };
}

/** Makes the preview of a video, unless the run has it. A video that is gone, or is another one by now, has none. */
export async function makePreview(
  file: MadeFile,
  paths: Pick<RunPaths, 'inside'>,
  { sources, video }: PreviewPorts,
  signal?: AbortSignal,
): Promise<VideoPreview | null> {
  const preview = previewPaths(file.sha256, paths);
  try {
    if (await sources.exists(preview.clip)) return preview;
    if ((await sources.identify(file.path, null, signal)).sha256 !== file.sha256) return null;
    await sources.makeFolder(dirname(preview.clip));
    await video.makePreview(
      {
        sourcePath: file.path,
        durationSeconds: file.frames / (file.fps || 1),
        size: fitInside(file, box),
        clip: { path: preview.clip, seconds: clipSeconds },
        stills: { path: preview.stills, count: stillCount },
      },
      signal,
    );
    return preview;
  } catch {
    signal?.throwIfAborted();
    return null;
  }
}

/** What a page is to show beside what was sent to the model that writes prompts. */
interface WantedPictures {
  readonly made: readonly MadeFile[];
  /** Paths of inputs of which no frames were sent. */
  readonly inputs: readonly string[];
}

interface MadePictures {
  /** By the content of the video. */
  readonly previews: ReadonlyMap<string, VideoPreview>;
  /** By the path of the input: a clip like a hint. */
  readonly inputs: ReadonlyMap<string, string>;
}

/** Pictures of the first of these: those that were made before, and as many more as there is time for. */
export async function makePictures(
  { made, inputs }: WantedPictures,
  paths: Pick<RunPaths, 'inside'>,
  ports: PreviewPorts & Pick<Ports, 'media' | 'clock' | 'parallelism'>,
): Promise<MadePictures> {
  const untilMs = ports.clock.now() + longestMs;
  const hasTime = () => ports.clock.now() < untilMs;
  const { sources, parallelism } = ports;
  const previewOf = async (file: MadeFile) => {
    const isMade = await sources.exists(previewPaths(file.sha256, paths).clip);
    return isMade || hasTime() ? await makePreview(file, paths, ports) : null;
  };
  const framesOf = async (path: string) => (hasTime() ? await makeInputFrames(path, ports) : null);
  const files = new Map(made.map((file) => [file.sha256, file]));
  return {
    previews: await mapFirst(files, previewOf, parallelism),
    inputs: await mapFirst(new Map(inputs.map((path) => [path, path])), framesOf, parallelism),
  };
}

async function makeInputFrames(path: string, { media }: Pick<Ports, 'media'>): Promise<string> {
  const video = await media.probe(path);
  const fps = inputFrameCount / Math.max(video.durationSeconds, 0.1);
  const size = fitInside(video, box);
  return (await media.makeHint({ sourcePath: path, video, size, frames: inputFrameCount, fps })).path;
}

/** What `make` gives for the first of these, unless it fails. */
async function mapFirst<Wanted, Made>(
  wanted: ReadonlyMap<string, Wanted>,
  make: (wanted: Wanted) => Promise<Made | null>,
  concurrency: number,
): Promise<ReadonlyMap<string, Made>> {
  const made = await pMap(
    [...wanted].slice(0, maxPreviews),
    async ([key, each]) => [key, await make(each).catch(() => null)] as const,
    { concurrency },
  );
  return new Map(made.flatMap(([key, each]) => (each === null ? [] : [[key, each]])));
}
