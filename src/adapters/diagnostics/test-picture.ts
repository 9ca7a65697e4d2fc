import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FfmpegMediaTool } from '../media/ffmpeg-media-tool.ts';

/** Large enough to cost any model more tokens than a short question does, in pixels. */
const sidePx = 336;

/** Luma and chroma of red (BT.601, limited range). */
const redPlanes = [81, 90, 240];

/**
 * Makes a hint of one red frame, as hints of videos are made, for as long as `use` takes.
 *
 * @param use - Gets the hint's path, and what names its colour in the languages that models fall into.
 */
export async function withRedHint<T>(
  use: (picture: { readonly hintPath: string; readonly colour: RegExp }) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'cosmos-doctor-'));
  try {
    const sourcePath = join(folder, 'red.y4m');
    const planes = redPlanes.map((value) => Buffer.alloc(sidePx * sidePx, value));
    const header = `YUV4MPEG2 W${sidePx} H${sidePx} F1:1 Ip A1:1 C444\nFRAME\n`;
    await writeFile(sourcePath, Buffer.concat([Buffer.from(header), ...planes]));
    const media = new FfmpegMediaTool({ hintFolder: folder });
    const video = await media.probe(sourcePath);
    const size = { width: sidePx, height: sidePx };
    const { path: hintPath } = await media.makeHint({ sourcePath, video, size, frames: 1, fps: 1 });
    return await use({
      hintPath,
      colour: /\b(?:red|crimson|scarlet|rojo|rouge|rot|rosso|vermelho)\b|[红紅赤]|красн/iu,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
