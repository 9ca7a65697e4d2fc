import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { Busboy, type BusboyFileStream, type BusboyInstance } from '@fastify/busboy';
import { onAbort } from '../../../async/abort.ts';
import { settlesWithin } from '../../../async/deadline.ts';
import { messageOf } from '../../../errors/app-error.ts';
import { ApiError } from '../../http/json-server.ts';

export interface UploadedFile {
  /** As the client calls it; may be anything. */
  readonly name: string;
  readonly content: Uint8Array;
}

/** Clients that have said all they have to say hear the answer, even when it is no. */
const drainMs = 2_000;
/** After the last byte the parser has nothing to wait for. */
const parserMs = 2_000;

/**
 * The files of a `multipart/form-data` body, in the parts called `files`.
 *
 * @throws ApiError 415 for another kind of body, 413 for too many or too large files, 400 for a damaged body or none;
 * the signal's reason when it aborts.
 */
export async function readUpload(
  request: IncomingMessage,
  signal: AbortSignal,
): Promise<readonly UploadedFile[]> {
  try {
    const files = await read(request, signal);
    if (files.length === 0)
      throw new ApiError(400, 'upload-empty', 'The request has no file in a part called "files".');
    return files;
  } catch (error) {
    await drain(request, signal);
    throw error;
  }
}

async function read(request: IncomingMessage, signal: AbortSignal): Promise<readonly UploadedFile[]> {
  const announcedBytes = Number(request.headers['content-length'] ?? 0);
  if (announcedBytes > uploadLimits.totalBytes + uploadLimits.framingBytes) throw tooLarge();
  const parser = parserFor(request);
  const ended = Promise.withResolvers<void>();
  const upload = new Upload(parser, ended.reject);
  parser.once('finish', ended.resolve);
  request.once('error', ended.reject);
  request.once('end', () => {
    const onSilence = () => ended.reject(new ApiError(400, 'upload-invalid', 'The body ends too early.'));
    void delay(parserMs, undefined, { ref: false }).then(onSilence);
  });
  signal.throwIfAborted();
  const stopListening = onAbort(signal, ended.reject);
  try {
    request.pipe(parser);
    await ended.promise;
    return upload.files();
  } finally {
    stopListening();
    request.unpipe(parser);
    // Whatever it has to say about its end is of no interest any more.
    parser.on('error', () => undefined);
    parser.destroy();
  }
}

function parserFor({ headers }: IncomingMessage): BusboyInstance {
  const type = headers['content-type'] ?? '';
  if (!/^multipart\/form-data\b/i.test(type)) {
    throw new ApiError(
      415,
      'upload-unsupported',
      'The body has to be multipart/form-data with pictures in "files".',
    );
  }
  const { files, fileBytes: fileSize } = uploadLimits;
  // One byte more than allowed, so that a file of just the right size is not taken for a cut one.
  const limits = {
    files,
    fileSize: fileSize + 1,
    fields: 16,
    fieldSize: 1024,
    parts: files + 16,
    headerPairs: 64,
    headerSize: 8192,
  };
  try {
    return new Busboy({ headers: { ...headers, 'content-type': type }, limits });
  } catch (error) {
    throw new ApiError(400, 'upload-invalid', `The body cannot be read: ${messageOf(error)}.`);
  }
}

/** What has come so far. */
class Upload {
  readonly #fail: (error: unknown) => void;
  readonly #files: { readonly name: string; readonly chunks: Buffer[] }[] = [];
  #totalBytes = 0;

  constructor(parser: BusboyInstance, fail: (error: unknown) => void) {
    this.#fail = fail;
    parser.on('file', (field, stream, name) => this.#add(field, stream, name));
    parser.on('filesLimit', () => fail(tooMany()));
    parser.on('partsLimit', () => fail(tooMany()));
    parser.on('error', (error) => fail(invalid(error)));
  }

  files(): readonly UploadedFile[] {
    return this.#files.map(({ name, chunks }) => ({ name, content: Buffer.concat(chunks) }));
  }

  #add(field: string, stream: BusboyFileStream, name: string | undefined): void {
    stream.on('error', (error) => this.#fail(invalid(error)));
    if (field !== 'files') {
      this.#fail(new ApiError(400, 'upload-invalid', 'Pictures have to be in parts called "files".'));
      stream.resume();
      return;
    }
    const file = { name: name ?? '', chunks: [] as Buffer[] };
    this.#files.push(file);
    let fileBytes = 0;
    stream.on('data', (chunk: Buffer) => {
      fileBytes += chunk.byteLength;
      this.#totalBytes += chunk.byteLength;
      if (fileBytes > uploadLimits.fileBytes || this.#totalBytes > uploadLimits.totalBytes)
        this.#fail(tooLarge());
      else file.chunks.push(chunk);
    });
  }
}

/** Lets the rest of a body go by, for a while. */
async function drain(request: IncomingMessage, signal: AbortSignal): Promise<void> {
  if (request.readableEnded || request.destroyed || signal.aborted) return;
  const ended = new Promise((resolve) => request.once('close', resolve).once('end', resolve));
  request.resume();
  await settlesWithin(drainMs, ended);
}

function tooMany(): ApiError {
  return new ApiError(
    413,
    'too-many-files',
    `At most ${uploadLimits.files} pictures are accepted at a time.`,
  );
}

function tooLarge(): ApiError {
  const [one, all] = [uploadLimits.fileBytes, uploadLimits.totalBytes].map((bytes) => bytes / 1024 / 1024);
  return new ApiError(
    413,
    'upload-too-large',
    `At most ${one} MiB a picture and ${all} MiB in all are accepted.`,
  );
}

function invalid(error: unknown): ApiError {
  return new ApiError(400, 'upload-invalid', `The body is incomplete: ${messageOf(error)}.`);
}

const mebibyte = 1024 * 1024;

/** What `POST /upscale_batch` takes and gives at most. */
export const uploadLimits = {
  files: 8,
  fileBytes: 32 * mebibyte,
  totalBytes: 64 * mebibyte,
  /** What multipart adds around the files. */
  framingBytes: mebibyte / 4,
  /** Of one picture: 8K. */
  pixels: 7680 * 4320,
  /** Of one upscaled picture: 16K, or 4K four times as large. */
  upscaledPixels: 15_360 * 8640,
  /** How long a wanted picture's pixels are kept until it is its turn; others are decoded twice. */
  keptBytes: 96 * mebibyte,
  /** Requests that wait while another one is worked on. */
  waiting: 4,
  waitingMs: 20_000,
} as const;
