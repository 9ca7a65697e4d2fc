import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Mutex } from '../../../async/limits.ts';
import { messageOf } from '../../../errors/app-error.ts';
import type { FrameTool, PictureTool } from '../../../ports/frame-tool.ts';
import { ApiError, type Handler } from '../../http/json-server.ts';
import { LanczosEngine } from '../lanczos-engine.ts';
import type { UpscaleEngine } from '../upscale-engine.ts';
import { readUpload, uploadLimits } from './read-upload.ts';
import { upscalePictures } from './upscale-pictures.ts';
import { zipStream } from './zip-stream.ts';

interface BatchRouteDeps {
  readonly pictures: PictureTool;
  readonly frames: FrameTool;
  /** The engine with a model that the worker has started; null when it has none, and pictures are resampled. */
  loadedModel(): UpscaleEngine | null;
  log(line: string): void;
}

const defaultScale = 2;

/**
 * `POST /upscale_batch?scale=2`: PNG or JPEG files in, as `files` of a `multipart/form-data` body; a ZIP archive of
 * upscaled PNG files of the same names out. Transparency is dropped. Errors are `{ error: { code, message } }`. One
 * request is worked on at a time, and everything of it ends when its client goes away.
 */
export function upscaleBatchRoute(deps: BatchRouteDeps): Handler {
  const limit = new BoundedMutex(uploadLimits.waiting, uploadLimits.waitingMs);
  return async (request, response) => {
    const gone = new AbortController();
    const onClose = () => gone.abort(new Error('the client went away'));
    response.once('close', onClose);
    try {
      await limit.run(gone.signal, () => answer(deps, request, response, gone.signal));
    } catch (error) {
      if (!gone.signal.aborted) throw error;
      // No client is left to answer to, or half an answer was cut off.
      deps.log(`pictures were not upscaled to their end: ${messageOf(error)}`);
    } finally {
      response.off('close', onClose);
    }
  };
}

async function answer(
  deps: BatchRouteDeps,
  request: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const engine = engineFor(request, deps);
  const files = await readUpload(request, signal);
  const archive = zipStream(upscalePictures(files, { ...deps, engine }, signal));
  try {
    // Until the first picture is there an error can still be answered as one.
    const first = await archive.next();
    response.writeHead(200, { 'content-type': 'application/zip' });
    if (!first.done) response.write(first.value);
    await pipeline(Readable.from(archive, { objectMode: true }), response, { signal });
  } finally {
    await archive.return(undefined);
  }
}

/** @throws ApiError 400 for a scale that there is not. */
function engineFor({ url }: IncomingMessage, { loadedModel, frames }: BatchRouteDeps): UpscaleEngine {
  const asked = new URL(url ?? '', 'http://worker').searchParams.get('scale');
  if (asked !== null && !['2', '3', '4'].includes(asked)) {
    throw new ApiError(400, 'scale-invalid', 'The scale has to be 2, 3 or 4.');
  }
  const model = loadedModel();
  if (!model) return new LanczosEngine(Number(asked ?? defaultScale), frames);
  if (asked !== null && Number(asked) !== model.scale) {
    throw new ApiError(
      400,
      'scale-invalid',
      `The model of this worker makes pictures ${model.scale} times as large.`,
    );
  }
  return model;
}

/** Lets one piece of work run at a time; a few others wait a while, first come first served. */
export class BoundedMutex {
  readonly #mutex = new Mutex();
  readonly #maxWaiting: number;
  readonly #waitTimeoutMs: number;

  constructor(maxWaiting: number, waitTimeoutMs: number) {
    this.#maxWaiting = maxWaiting;
    this.#waitTimeoutMs = waitTimeoutMs;
  }

  /** @throws ApiError 503 when too many wait already, or the wait gets too long; the signal's reason when it aborts. */
  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const busy = new ApiError(503, 'busy', 'Other pictures are being upscaled; try again later.');
    if (this.#mutex.waitingCount >= this.#maxWaiting) throw busy;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(busy), this.#waitTimeoutMs);
    const begin = () => {
      clearTimeout(timer);
      return work();
    };
    try {
      return await this.#mutex.run(begin, AbortSignal.any([signal, late.signal]));
    } finally {
      clearTimeout(timer);
    }
  }
}
