import type { FormatChange, StoredFormat } from '../../ports/video-tool.ts';

/** An ffmpeg filter that says of each frame how it is stored, at the level `info`. */
export const describeFrames = 'showinfo=checksum=0';

const keptChanges = 8;
const framePattern =
  /^\[Parsed_showinfo_\d+ @ 0x[0-9a-f]+\] \[info\] n: *\d+ pts: *(\S+) .*\bfmt:(\S+) .*?\bsar:(\d+\/\d+) s:(\d+)x(\d+) /;
/** Before each frame that differs from those that the filters were made for; formats are ffmpeg's numbers. */
const bufferPattern = /filter context - .*?\bfmt: (\d+).*incoming frame - .*?\bfmt: (\d+)/;

/** Collects, from the messages of an ffmpeg with {@link describeFrames}, where frames are stored in another way. */
export class FormatNotes {
  readonly #changes: FormatChange[] = [];
  /** Whether the next frame has another pixel format than the filters were made for: those know no other name. */
  #isOtherFormat = false;
  #last: { readonly text: string; readonly format: StoredFormat } | null = null;

  /** The first few. */
  get changes(): readonly FormatChange[] {
    return this.#changes;
  }

  /** Takes a line of stderr. @returns false for a warning or an error. */
  read(line: string): boolean {
    if (!/^(?:\[[^\]]* @ [^\]]*\] )*\[info\]/.test(line)) return false;
    const [, expected, incoming] = bufferPattern.exec(line) ?? [];
    if (incoming !== undefined) this.#isOtherFormat = incoming !== expected;
    const [, pts, pixelFormat, sampleAspect, width, height] = framePattern.exec(line) ?? [];
    if (pts === undefined || pixelFormat === undefined || sampleAspect === undefined) return true;
    const text = `${this.#isOtherFormat} ${sampleAspect} ${width}x${height}`;
    const size = { width: Number(width), height: Number(height) };
    const format = { size, pixelFormat: this.#isOtherFormat ? null : pixelFormat, sampleAspect };
    this.#isOtherFormat = false;
    if (this.#last?.text === text) return true;
    const time = Number(pts);
    if (this.#last && this.#changes.length < keptChanges) {
      this.#changes.push({ time: Number.isFinite(time) ? time : null, from: this.#last.format, to: format });
    }
    this.#last = { text, format };
    return true;
  }
}
