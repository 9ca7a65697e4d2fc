import { FfmpegFrameTool } from '../../src/adapters/frames/ffmpeg-frame-tool.ts';
import type { DecodeRequest } from '../../src/ports/frame-tool.ts';
import { childrenOf } from './child-processes.ts';
import { waitFor } from './wait-for.ts';

/** Kills all lanes once, in the middle of a segment: two of them work or wait when so many frames are decoded. */
export class KillingFrames extends FfmpegFrameTool {
  kills = 0;
  readonly #word: string;
  readonly #atFrame: number;

  /** @param word - What lanes have in their command line. */
  constructor(word: string, atFrame: number) {
    super();
    this.#word = word;
    this.#atFrame = atFrame;
  }

  override async *decode(request: DecodeRequest, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    let count = 0;
    for await (const frame of super.decode(request, signal)) {
      yield frame;
      count += 1;
      if (count === this.#atFrame) await this.#kill();
    }
  }

  async #kill(): Promise<void> {
    await waitFor(async () => (await childrenOf(this.#word)).length >= 2);
    for (const pid of await childrenOf(this.#word)) {
      process.kill(pid, 'SIGKILL');
      this.kills += 1;
    }
  }
}
