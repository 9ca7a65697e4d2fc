import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FfmpegMediaTool } from '../media/ffmpeg-media-tool.ts';

type MakeHint = (
  size: { readonly width: number; readonly height: number },
  frames: number,
  signal?: AbortSignal,
) => Promise<string>;

/** Large enough to cost any model more tokens than a short question does, in pixels. */
const redSidePx = 336;

/** Luma and chroma of a colour (BT.601, limited range). */
const red = [81, 90, 240];
const grey = [126, 128, 128];

/** The source's sides, in pixels: hints of one colour are the same from any source. */
const sourceSidePx = 64;

/**
 * Makes a hint of one red frame, as hints of videos are made, for as long as `use` takes.
 *
 * @param use - Gets the hint's path, and what names its colour in the languages that models fall into.
 */
export async function withRedHint<T>(
  use: (picture: { readonly hintPath: string; readonly colour: RegExp }) => Promise<T>,
): Promise<T> {
  return await withHints(red, async (makeHint) =>
    use({
      hintPath: await makeHint({ width: redSidePx, height: redSidePx }, 1),
      colour: /\b(?:red|crimson|scarlet|rojo|rouge|rot|rosso|vermelho)\b|[红紅赤]|красн/iu,
    }),
  );
}

/** Makes hints of grey frames of any size, as hints of videos are made, for as long as `use` takes. */
export async function withGreyHints<T>(use: (makeHint: MakeHint) => Promise<T>): Promise<T> {
  return await withHints(grey, use);
}

async function withHints<T>(colour: readonly number[], use: (makeHint: MakeHint) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'cosmos-pictures-'));
  const media = new FfmpegMediaTool({ hintFolder: folder });
  const planes = colour.map((value) => Buffer.alloc(sourceSidePx * sourceSidePx, value));
  const header = `YUV4MPEG2 W${sourceSidePx} H${sourceSidePx} F1:1 Ip A1:1 C444\n`;
  try {
    return await use(async (size, frames, signal) => {
      const sourcePath = join(folder, `${frames}.y4m`);
      const frame = Buffer.concat([Buffer.from('FRAME\n'), ...planes]);
      await writeFile(sourcePath, Buffer.concat([Buffer.from(header), ...Array(frames).fill(frame)]));
      const video = await media.probe(sourcePath, signal);
      return (await media.makeHint({ sourcePath, video, size, frames, fps: 1 }, signal)).path;
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
