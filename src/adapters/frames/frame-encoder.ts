import { diskFullIn } from '../../errors/disk-full.ts';
import type { EncodeRequest, FrameSink } from '../../ports/frame-tool.ts';
import { FfmpegChild } from '../ffmpeg/ffmpeg-child.ts';
import { framesFailed } from '../ffmpeg/program-failures.ts';
import { syncFile } from '../files/publish-file.ts';
import { countMp4Frames } from '../mp4/count-frames.ts';
import { encodeArguments } from './encode-command.ts';
import { writeLeadIn } from './lead-in.ts';
import { writeFrame } from './write-frame.ts';

/** Encodes frames to a file by one ffmpeg. A file that is not finished is its owner's to remove. */
export class FrameEncoder implements FrameSink {
  readonly #child: FfmpegChild;
  readonly #path: string;
  readonly #signal: AbortSignal;
  #frames = 0;

  constructor(program: string, request: EncodeRequest, signal: AbortSignal) {
    signal.throwIfAborted();
    const options = { hasInput: true, outputs: 0, signal } as const;
    this.#child = new FfmpegChild(program, encodeArguments(request), options);
    writeLeadIn(this.#child.input, request.frame);
    this.#path = request.path;
    this.#signal = signal;
  }

  async write(frame: Uint8Array): Promise<void> {
    try {
      await writeFrame(this.#child.input, frame);
    } catch {
      throw await this.#failure('Encoding');
    }
    this.#frames += 1;
  }

  async finish(): Promise<void> {
    this.#child.input.end();
    const { exitCode, lastWords } = await this.#child.ended;
    if (exitCode !== 0 || diskFullIn(lastWords, this.#path)) throw await this.#failure('Encoding');
    const kept = await countMp4Frames(this.#path);
    if (kept !== this.#frames) {
      throw await this.#failure(
        `Encoding ${this.#frames} frames, of which the file holds ${kept ?? 'none'},`,
      );
    }
    await syncFile(this.#path);
  }

  /** Why it ended, or why it had to: a full disk is told apart, because ffmpeg may end well on one. */
  async #failure(doing: string): Promise<unknown> {
    await this.#child.stop();
    this.#signal.throwIfAborted();
    const end = await this.#child.ended;
    return diskFullIn(end.lastWords, this.#path) ?? framesFailed(this.#child.program, doing, end);
  }
}
