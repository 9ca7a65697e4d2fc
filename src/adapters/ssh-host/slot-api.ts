import type { z } from 'zod';
import { parseJson, parseJsonAs } from '../../core/json.ts';
import { AppError } from '../../errors/app-error.ts';
import {
  acceptAnswerSchema,
  apiErrorSchema,
  missingObjectsAnswerSchema,
  type OpenRunRequest,
  openRunAnswerSchema,
  type SlotStatus,
  slotStatusSchema,
} from '../../protocol/slot.ts';
import type { WorkerApi } from '../host-run/worker-api.ts';

/** How long a slot may take to look through its objects, or to unpack some, in milliseconds. */
const objectsTimeoutMs = 10 * 60_000;

/** Opening a run waits for its last worker, which may be about to stop, in milliseconds. */
const openTimeoutMs = 20_000;

/** Refusals that pass. */
const passingCodes: ReadonlySet<string> = new Set(['run-stopping', 'shutting-down']);

/** A slot that answers a call with an error. */
export class SlotRefusal extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'SlotRefusal';
    this.code = code;
  }

  /** Whether asking again later may help. */
  get isPassing(): boolean {
    return passingCodes.has(this.code);
  }
}

/**
 * The API of one slot on a host. Connection errors pass through; what the slot refuses is a {@link SlotRefusal}, a
 * full disk an `AppError` of code `disk-full`.
 */
export class SlotApi {
  readonly #api: WorkerApi;
  readonly #hostName: string;

  constructor(api: WorkerApi, hostName: string) {
    this.#api = api;
    this.#hostName = hostName;
  }

  /** What the slot says of itself; null when it does not answer. */
  async status(timeoutMs?: number): Promise<SlotStatus | null> {
    try {
      const { status, body } = await this.#api.get('/status', timeoutMs);
      return status === 200 ? parseJsonAs(slotStatusSchema, body) : null;
    } catch (error) {
      if (error instanceof AppError) throw error;
      return null;
    }
  }

  async isAnswering(): Promise<boolean> {
    return await this.#api.isAnswering();
  }

  /** Has a worker for the run; gives whether there was one. */
  async openRun(runId: string, offloadModels: boolean): Promise<{ readonly isAdopted: boolean }> {
    const request: OpenRunRequest = { run_id: runId, offload_models: offloadModels };
    const answer = await this.#post('/open_run', request, openTimeoutMs);
    return { isAdopted: parse(answer, openRunAnswerSchema).is_adopted };
  }

  async missingObjects(sha256s: readonly string[]): Promise<readonly string[]> {
    const answer = await this.#post('/missing_objects', { sha256s }, objectsTimeoutMs);
    return parse(answer, missingObjectsAnswerSchema).missing;
  }

  async acceptBundle(path: string): Promise<void> {
    parse(await this.#post('/accept_bundle', { path }, objectsTimeoutMs), acceptAnswerSchema);
  }

  async acceptObject(path: string, sha256: string): Promise<void> {
    parse(await this.#post('/accept_object', { path, sha256 }, objectsTimeoutMs), acceptAnswerSchema);
  }

  async #post(path: string, body: unknown, timeoutMs?: number): Promise<unknown> {
    const answer = await this.#api.post(path, body, timeoutMs);
    const document: unknown = parseJson(answer.body);
    if (answer.status >= 200 && answer.status < 300) return document;
    const { code, message } = apiErrorSchema.safeParse(document).data?.error ?? {
      code: `http-${answer.status}`,
      message: `${path} was answered with ${answer.status}`,
    };
    if (code === 'disk-full') {
      throw new AppError({
        code: 'disk-full',
        message: `The disk that holds remote_root on ${this.#hostName} is full: the inputs could not be kept there.`,
        nextStep: `Free some space there (cosmos host prune ${this.#hostName}), then resume: nothing is lost.`,
      });
    }
    throw new SlotRefusal(code, message);
  }
}

function parse<T>(document: unknown, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(document);
  if (parsed.success) return parsed.data;
  throw new SlotRefusal('answer-invalid', 'the slot gave an answer that is none');
}
