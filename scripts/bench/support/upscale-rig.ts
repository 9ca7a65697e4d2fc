import { copyFile, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FfmpegFrameTool } from '../../../src/adapters/frames/ffmpeg-frame-tool.ts';
import { FfmpegVideoTool } from '../../../src/adapters/video/ffmpeg-video-tool.ts';
import {
  createDuplicateFinder,
  type DuplicateMode,
  needsPictures,
} from '../../../src/core/frames/duplicates/duplicate-finder.ts';
import { type FrameFormat, frameBytes } from '../../../src/core/frames/frame-format.ts';
import { planStreams } from '../../../src/core/frames/stream-plan.ts';
import type { VideoFacts } from '../../../src/core/frames/video-facts.ts';
import type { Clip, Encoding } from '../../../src/protocol/segment.ts';
import { planClip } from '../../../src/services/video/plan-clip.ts';
import type { BenchFilm } from './bench-film.ts';

/** Upscaled frames that are kept to be encoded again and again: enough for the encoder to look ahead. */
const keptFrames = 48;
/** Frames of a segment that is put together. */
const segmentFrames = 240;
const noSource = '0'.repeat(64);

/** Each stage of `upscale` by itself: what the program uses, without the others at its side. */
export class UpscaleRig {
  readonly film: BenchFilm;
  readonly from: FrameFormat;
  readonly to: FrameFormat;
  /** Raw frames in files, for programs that read them: of the source, and upscaled. */
  readonly raw: { readonly source: string; readonly upscaled: string };
  readonly #folder: string;
  readonly #facts: VideoFacts;
  readonly #clip: Clip;
  readonly #encoding: Encoding;
  readonly #video = new FfmpegVideoTool();
  readonly #frames = new FfmpegFrameTool();
  readonly #stop = new AbortController();
  #source: Uint8Array[] = [];
  #upscaled: Uint8Array[] = [];
  #times = new Float64Array(0);

  private constructor(folder: string, film: BenchFilm, facts: VideoFacts, encoding: Encoding) {
    const { clip } = planClip(facts, 'mp4', { takesRgb: false, scale: 2 });
    this.film = film;
    this.#folder = folder;
    this.#facts = facts;
    this.#clip = { ...clip, source: noSource };
    this.#encoding = encoding;
    this.from = { ...film, pixelFormat: clip.frame.pixel_format };
    this.to = { width: 2 * film.width, height: 2 * film.height, pixelFormat: clip.target.pixel_format };
    this.raw = { source: join(folder, 'source.raw'), upscaled: join(folder, 'upscaled.raw') };
  }

  /** Decodes and upscales some frames that are used from then on. */
  static async prepare(folder: string, film: BenchFilm, encoding: Encoding): Promise<UpscaleRig> {
    await mkdir(folder, { recursive: true });
    const facts = await new FfmpegVideoTool().inspect(film.path);
    const rig = new UpscaleRig(folder, film, facts, encoding);
    await rig.scan('off');
    for await (const frame of rig.#decoded())
      if (rig.#source.length < keptFrames) rig.#source.push(frame.slice());
    rig.#upscaled = await rig.#upscale(rig.#source.length);
    await writeRaw(rig.raw.source, rig.#source);
    await writeRaw(rig.raw.upscaled, rig.#upscaled);
    return rig;
  }

  get frames(): number {
    return this.#times.length;
  }

  /** Reads the film through, with the look for duplicates. */
  async scan(mode: DuplicateMode): Promise<void> {
    const { video } = this.#facts;
    const finder = createDuplicateFinder(mode, video.size);
    const times: number[] = [];
    const options = { withPictures: needsPictures(mode), keepGoing: false };
    for await (const frame of this.#video.scan(this.film.path, video, options)) {
      finder.isDuplicate(frame);
      times.push(frame.time);
    }
    this.#times = Float64Array.from(times);
  }

  /** Decodes all frames and reads them through a pipe. */
  async decode(): Promise<void> {
    for await (const _ of this.#decoded()) {
      // What it takes to get here is measured.
    }
  }

  /** Sends as many frames as the film has through one lane. */
  async upscale(): Promise<void> {
    await this.#upscale(this.frames);
  }

  /** Encodes as many upscaled frames as the film has. */
  async encode(): Promise<void> {
    await this.#encode(join(this.#folder, 'encoded.mp4'), this.frames);
  }

  /**
   * Prepares segments that make up the film.
   *
   * @returns puts them together with the film's sound, once.
   */
  async readyAssembly(): Promise<() => Promise<{ readonly path: string; readonly sizeBytes: number }>> {
    const model = join(this.#folder, `segment-${segmentFrames}.mp4`);
    await this.#encode(model, segmentFrames);
    const last = this.frames % segmentFrames;
    const lastModel = join(this.#folder, `segment-${last}.mp4`);
    if (last > 0) await this.#encode(lastModel, last);
    return async () => {
      const segments = [];
      for (let at = 0; at < this.frames; at += segmentFrames) {
        const frames = Math.min(segmentFrames, this.frames - at);
        const path = join(this.#folder, `part-${at}.mp4`);
        await copyFile(frames === segmentFrames ? model : lastModel, path);
        segments.push({ path, frames });
      }
      return await this.#assemble(segments);
    };
  }

  async #assemble(segments: readonly { readonly path: string; readonly frames: number }[]) {
    const outputPath = join(this.#folder, 'assembled.mp4');
    const workFolder = join(this.#folder, 'assembly');
    await rm(workFolder, { recursive: true, force: true });
    await rm(outputPath, { force: true });
    await mkdir(workFolder);
    const step = (this.#times[1] ?? 1) - (this.#times[0] ?? 0);
    const endTime = (this.#times.at(-1) ?? 0) + step;
    const { sizeBytes } = await this.#video.assemble(
      {
        source: { path: this.film.path, facts: this.#facts },
        streams: planStreams(this.#facts, 'mp4'),
        segments,
        timeline: { times: this.#times, endTime },
        size: this.to,
        isTurned: false,
        mayReplace: true,
        workFolder,
        outputPath,
      },
      () => undefined,
    );
    return { path: outputPath, sizeBytes };
  }

  #decoded(): AsyncIterable<Uint8Array> {
    const repeats = Array.from(this.#times, () => 1);
    const first = this.#times[0] ?? 0;
    const segment = { task_key: noSource, name: 'film', segment_id: 0, first_batch: 0, clip: this.#clip };
    const times = { seek_time: null, first_time: first, end_time: null, repeats };
    return this.#frames.decode(
      { sourcePath: this.film.path, segment: { ...segment, ...times } },
      this.#stop.signal,
    );
  }

  /** The first upscaled frames, of as many as are upscaled. */
  async #upscale(frames: number): Promise<Uint8Array[]> {
    const filter = this.#frames.startScaling(this.from, this.to, this.#clip, this.#stop.signal);
    const kept: Uint8Array[] = [];
    const atOnce = Math.max(1, Math.min(8, Math.floor((16 * 1024 * 1024) / frameBytes(this.to))));
    for (let at = 0; at < frames; at += atOnce) {
      const count = Math.min(atOnce, frames - at);
      const batch = Array.from({ length: count }, (_, index) => frameOf(this.#source, at + index));
      const results = await filter.filter(batch);
      if (kept.length < keptFrames) kept.push(...results.map((frame) => frame.slice()));
    }
    await filter.close();
    return kept;
  }

  async #encode(path: string, frames: number): Promise<void> {
    const request = { path, frame: this.to, clip: this.#clip, encoding: this.#encoding };
    const sink = this.#frames.encode(request, this.#stop.signal);
    for (let at = 0; at < frames; at++) await sink.write(frameOf(this.#upscaled, at));
    await sink.finish();
  }
}

function frameOf(frames: readonly Uint8Array[], at: number): Uint8Array {
  const frame = frames[at % frames.length];
  if (!frame) throw new Error('there is no frame');
  return frame;
}

async function writeRaw(path: string, frames: readonly Uint8Array[]): Promise<void> {
  await using file = await open(path, 'w');
  for (const frame of frames) await file.writeFile(frame);
}
