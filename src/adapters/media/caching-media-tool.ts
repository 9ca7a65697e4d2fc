import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { SingleFlight } from '../../async/single-flight.ts';
import type { VideoInfo } from '../../core/hints/video-info.ts';
import { AppError } from '../../errors/app-error.ts';
import type { HintFile, HintRequest, MediaTool, RgbFrame } from '../../ports/media-tool.ts';
import { identifySource } from '../ffmpeg/source-file.ts';
import { AppendLog } from '../files/append-log.ts';
import { FfmpegMediaTool, type FfmpegMediaToolOptions } from './ffmpeg-media-tool.ts';
import { HintStore, stagingName } from './hint-store.ts';

interface CachingMediaToolOptions {
  /** The cache's own folder; made when missing. */
  readonly folder: string;
  /** Above this the least recently used hints go; 2 GiB unless given. */
  readonly maxSizeBytes?: number;
}

/** Part of every key: raised when hints of the same request would look different. */
const formatVersion = 2;
const defaultMaxSizeBytes = 2 * 1024 ** 3;

const side = z.int().min(1);
const videoInfoSchema: z.ZodType<VideoInfo> = z.object({
  width: side,
  height: side,
  exact: z.object({ width: side, height: side, perPixel: side }).exactOptional(),
  frames: z.int().min(1),
  durationSeconds: z.number().min(0),
  frameRate: z.number().min(0),
  place: z.int().min(1).exactOptional(),
  hdr: z.enum(['pq', 'hlg']).exactOptional(),
  assumedMatrix: z.enum(['bt709', 'bt2020']).exactOptional(),
});

/** What probing a path gave, kept so that the path is probed once. */
type ProbeOutcome = { readonly info: VideoInfo } | { readonly error: AppError };

/**
 * Remembers what another {@link MediaTool} found out and made: probes and hints under the identity of their
 * source (place, size, time of change, file number) and the request.
 *
 * Within one process a path is probed once, whatever happens to the file later; videos that cannot be read are
 * remembered too, until the process ends. The other tool's hint files are moved into the cache.
 */
export class CachingMediaTool implements MediaTool {
  readonly #inner: MediaTool;
  readonly #hints: HintStore;
  readonly #probes: AppendLog<VideoInfo>;
  readonly #probed = new Map<string, ProbeOutcome>();
  readonly #probeFlights = new SingleFlight<ProbeOutcome>();
  readonly #hintFlights = new SingleFlight<HintFile>();

  constructor(inner: MediaTool, options: CachingMediaToolOptions) {
    this.#inner = inner;
    this.#hints = new HintStore({
      folder: hintFolderOf(options.folder),
      maxSizeBytes: options.maxSizeBytes ?? defaultMaxSizeBytes,
    });
    this.#probes = new AppendLog({ path: join(options.folder, 'probes-v3.jsonl'), schema: videoInfoSchema });
  }

  /** Where the other tool of a cache in `folder` best makes its hints: on the same disk, and cleared of leftovers. */
  static stagingFolderOf(folder: string): string {
    return join(hintFolderOf(folder), stagingName);
  }

  async probe(path: string, signal?: AbortSignal): Promise<VideoInfo> {
    signal?.throwIfAborted();
    const full = resolve(path);
    const outcome =
      this.#probed.get(full) ??
      (await this.#probeFlights.run(full, signal, (shared) => this.#findOutcome(full, shared)));
    if ('error' in outcome) throw outcome.error;
    return outcome.info;
  }

  async decode(path: string, signal?: AbortSignal): Promise<VideoInfo> {
    return await this.#inner.decode(path, signal);
  }

  async makeHint(request: HintRequest, signal?: AbortSignal): Promise<HintFile> {
    signal?.throwIfAborted();
    const identity = await identifySource(request.sourcePath);
    const key = hintKey(identity, request);
    return await this.#hintFlights.run(key, signal, (shared) =>
      this.#findHint(key, identity, request, shared),
    );
  }

  async readJpegFrames(hintPath: string, signal?: AbortSignal): Promise<readonly Uint8Array[]> {
    return await this.#inner.readJpegFrames(hintPath, signal);
  }

  async readRgbFrames(hintPath: string, signal?: AbortSignal): Promise<readonly RgbFrame[]> {
    return await this.#inner.readRgbFrames(hintPath, signal);
  }

  /** Resolves when the cache's files are written. What is lost without it is only remembered work. */
  async settled(): Promise<void> {
    await Promise.all([this.#probes.settled(), this.#hints.settled()]);
  }

  async #findOutcome(path: string, signal: AbortSignal): Promise<ProbeOutcome> {
    const outcome = await this.#probeStored(path, signal).then(
      (info): ProbeOutcome => ({ info }),
      (error: unknown): ProbeOutcome => {
        if (error instanceof AppError && error.code === 'video-unreadable') return { error };
        throw error;
      },
    );
    this.#probed.set(path, outcome);
    return outcome;
  }

  async #probeStored(path: string, signal: AbortSignal): Promise<VideoInfo> {
    const identity = await identifySource(path);
    const key = shortHash([formatVersion, identity]);
    const stored = await this.#probes.get(key);
    if (stored) return stored;
    const info = await this.#inner.probe(path, signal);
    if (await hasIdentity(path, identity)) await this.#probes.put(key, info);
    return info;
  }

  async #findHint(
    key: string,
    identity: string,
    request: HintRequest,
    signal: AbortSignal,
  ): Promise<HintFile> {
    const stored = await this.#hints.get(key);
    if (stored) return stored;
    const made = await this.#inner.makeHint(request, signal);
    const isUnchanged = await hasIdentity(request.sourcePath, identity);
    return await this.#hints.put(isUnchanged ? key : null, made);
  }
}

/** The media tool of the program: ffmpeg behind a cache in `folder`. */
export function createMediaTool(
  options: CachingMediaToolOptions & Omit<FfmpegMediaToolOptions, 'hintFolder'>,
): CachingMediaTool {
  const hintFolder = CachingMediaTool.stagingFolderOf(options.folder);
  return new CachingMediaTool(new FfmpegMediaTool({ ...options, hintFolder }), options);
}

/** Whether the source is still what it was: what was read of it while it changed must not be remembered. */
async function hasIdentity(path: string, identity: string): Promise<boolean> {
  return (await identifySource(path).catch(() => null)) === identity;
}

function hintFolderOf(folder: string): string {
  return join(folder, 'hints');
}

function hintKey(identity: string, request: HintRequest): string {
  const { video, size, frames, fps } = request;
  const picture = size.picture ?? size;
  const wanted = [size.width, size.height, picture.width, picture.height, frames, fps];
  const known = [
    video.frames,
    video.durationSeconds,
    video.hdr ?? null,
    video.assumedMatrix ?? null,
    video.place ?? 0,
  ];
  return shortHash([formatVersion, identity, ...wanted, ...known]);
}

/** 132 bits in a file name's alphabet: too many for two requests to meet. */
function shortHash(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22);
}
