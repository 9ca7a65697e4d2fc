import type { MediaTool, RgbFrame } from '../../../ports/media-tool.ts';

/** Hints whose decoded frames are kept: many prompts share a video, and decoding starts a process. */
const keptHints = 16;

/** Reads the frames of a hint, or remembers them; hints are named by content, so they never change. */
export class FrameCache {
  readonly #media: MediaTool;
  /** By path, the least recently used first. */
  readonly #kept = new Map<string, Promise<readonly RgbFrame[]>>();

  constructor(media: MediaTool) {
    this.#media = media;
  }

  /** Like `MediaTool.readRgbFrames`; whoever asks for the same hint meanwhile waits for the same decoding. */
  async read(hintPath: string, signal: AbortSignal): Promise<readonly RgbFrame[]> {
    const reading = this.#kept.get(hintPath) ?? this.#media.readRgbFrames(hintPath, signal);
    this.#kept.delete(hintPath);
    this.#kept.set(hintPath, reading);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > keptHints && oldest !== undefined) this.#kept.delete(oldest);
    try {
      return await reading;
    } catch (error) {
      if (this.#kept.get(hintPath) === reading) this.#kept.delete(hintPath);
      throw error;
    }
  }
}
