import { setTimeout as delay } from 'node:timers/promises';
import type { z } from 'zod';
import { unlessAborted } from '../../async/abort.ts';
import { parseForeignJson, parseForeignJsonAs } from '../../core/json.ts';
import { shortened } from '../../core/shortened.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Clock } from '../../ports/clock.ts';
import {
  acceptAnswerSchema,
  apiErrorSchema,
  missingObjectsAnswerSchema,
  type OpenRunRequest,
  openRunAnswerSchema,
  type SlotStatus,
  slotStatusSchema,
} from '../../protocol/slot.ts';
import { statusWithBoundedTexts } from '../host-run/bounded-texts.ts';
import type { WorkerApi } from '../host-run/worker-api.ts';

/** How long a slot may take to check its objects, or to unpack some, in milliseconds. */
const objectsTimeoutMs = 10 * 60_000;

/** Opening a run waits for its last worker, which may be about to stop, in milliseconds. */
const openTimeoutMs = 20_000;

/** How long a slot may be silent before its container may be replaced, in milliseconds. */
const busySilenceMs = 10_000;

/** How long one query waits for an answer, and the pause until the next, in milliseconds. */
const busyQuery = { timeoutMs: 3_000, pauseMs: 500 };

/** How long all slots may be silent, in milliseconds: one that ended is started again meanwhile. */
const silenceTimeoutMs = 90_000;

const callPauseMs = 250;

const passingCodes: ReadonlySet<string> = new Set(['run-stopping', 'shutting-down']);

/** A slot that answers a call with an error. */
export class SlotRefusal extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(shortened(message));
    this.name = 'SlotRefusal';
    this.code = code;
  }

  /** Whether the same call may succeed later. */
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
      const found = status === 200 ? parseForeignJsonAs(slotStatusSchema, body) : null;
      return found && withBounds(found);
    } catch (error) {
      if (error instanceof AppError) throw error;
      return null;
    }
  }

  async isAnswering(): Promise<boolean> {
    return await this.#api.isAnswering();
  }

  /**
   * The run for which the slot's container may not be replaced: a worker works on it, or a client reads its events and
   * may submit work at any moment. Null when there is none, and when the slot is silent for long: what it was given is
   * on the disk, so a new container loses nothing.
   */
  async busyRun(): Promise<string | null> {
    const deadlineMs = performance.now() + busySilenceMs;
    for (;;) {
      const status = await this.status(busyQuery.timeoutMs);
      const busy = status?.runs.find((run) => run.status.status !== 'idle' || run.is_watched === true);
      if (status || performance.now() > deadlineMs) return busy?.run_id ?? null;
      await delay(busyQuery.pauseMs);
    }
  }

  /** Has a worker for the run; gives whether there was one. */
  async openRun(runId: string, offloadModels: boolean): Promise<{ readonly isAdopted: boolean }> {
    const request: OpenRunRequest = { run_id: runId, offload_models: offloadModels };
    const answer = await this.#post('/open_run', request, openRunAnswerSchema, openTimeoutMs);
    return { isAdopted: answer.is_adopted };
  }

  async missingObjects(sha256s: readonly string[]): Promise<readonly string[]> {
    return (await this.#post('/missing_objects', { sha256s }, missingObjectsAnswerSchema)).missing;
  }

  async acceptBundle(path: string): Promise<void> {
    await this.#post('/accept_bundle', { path }, acceptAnswerSchema);
  }

  async acceptObject(path: string, sha256: string): Promise<void> {
    await this.#post('/accept_object', { path, sha256 }, acceptAnswerSchema);
  }

  async #post<T>(
    path: string,
    body: unknown,
    schema: z.ZodType<T>,
    timeoutMs = objectsTimeoutMs,
  ): Promise<T> {
    const answer = await this.#api.post(path, body, timeoutMs);
    const document = parseForeignJson(answer.body);
    if (answer.status < 200 || answer.status >= 300) throw this.#refusal(path, answer.status, document);
    const parsed = schema.safeParse(document);
    if (parsed.success) return parsed.data;
    throw new SlotRefusal('answer-invalid', "the slot's answer cannot be understood");
  }

  #refusal(path: string, status: number, document: unknown): Error {
    const { code, message } = apiErrorSchema.safeParse(document).data?.error ?? {
      code: `http-${status}`,
      message: `${path} was answered with ${status}`,
    };
    if (code !== 'disk-full') return new SlotRefusal(code, message);
    return new AppError({
      code: 'disk-full',
      message: `The disk that holds remote_root on ${this.#hostName} is full: the inputs could not be kept there.`,
      nextStep: `Free some space there (cosmos host prune ${this.#hostName}), then resume: nothing is lost.`,
    });
  }
}

/** A slot serves a few runs at once. */
const mostRuns = 1_000;

function withBounds(status: SlotStatus): SlotStatus {
  const { runs, engine } = status;
  return {
    ...status,
    runs: runs.slice(0, mostRuns).map((run) => ({ ...run, status: statusWithBoundedTexts(run.status) })),
    engine: engine && {
      ...engine,
      model: shortened(engine.model),
      message: engine.message && shortened(engine.message),
    },
  };
}

/** Runs a call on some slot of a host: all of them share its files. The call may be carried out twice. */
export type CallSlot = <Value>(call: (slot: SlotApi) => Promise<Value>) => Promise<Value>;

/**
 * Calls the slots of a host in turn until one answers.
 *
 * @param signal - Ends all calls.
 * @throws {@link SlotRefusal}; AppErrors of the link; AppError `worker-failed` when none answers for long; the reason of
 *   the signal when it aborts.
 */
export function slotCaller(slots: readonly SlotApi[], clock: Clock, signal?: AbortSignal): CallSlot {
  return async (call) => {
    const deadlineMs = clock.now() + silenceTimeoutMs;
    for (let turn = 0; ; turn += 1) {
      const slot = slots[turn % slots.length];
      if (!slot) throw new RangeError('a host without slots was called');
      try {
        return await unlessAborted(call(slot), signal);
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof AppError || error instanceof SlotRefusal) throw error;
        if (clock.now() > deadlineMs) throw silent(error);
      }
      await clock.sleep(callPauseMs, signal);
    }
  };
}

function silent(cause: unknown): AppError {
  return new AppError({
    code: 'worker-failed',
    message: `No worker answered for ${silenceTimeoutMs / 1000} s.`,
    nextStep: 'Check the host with: cosmos host status NAME; then resume the run.',
    isRetryable: true,
    cause,
  });
}
