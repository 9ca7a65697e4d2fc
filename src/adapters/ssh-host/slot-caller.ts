import { unlessAborted } from '../../async/abort.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Clock } from '../../ports/clock.ts';
import { type SlotApi, SlotRefusal } from './slot-api.ts';

/** How long no slot may answer, in milliseconds: one that died is started again meanwhile. */
const silenceTimeoutMs = 90_000;

const pauseMs = 250;

/** Calls whichever slot of a host answers: they share its files, so that any of them can do it. */
export class SlotCaller {
  readonly #slots: readonly SlotApi[];
  readonly #clock: Clock;
  readonly #signal: AbortSignal | undefined;

  /** @param signal - Ends all calls. */
  constructor(slots: readonly SlotApi[], clock: Clock, signal?: AbortSignal) {
    this.#slots = slots;
    this.#clock = clock;
    this.#signal = signal;
  }

  /**
   * Calls until a slot answers; the call may be carried out twice.
   *
   * @throws {@link SlotRefusal}; AppErrors of the link; AppError `worker-failed` when none answers for long; the reason of
   *   the signal when it aborts.
   */
  async call<Value>(call: (slot: SlotApi) => Promise<Value>): Promise<Value> {
    const deadlineMs = this.#clock.now() + silenceTimeoutMs;
    for (let turn = 0; ; turn += 1) {
      const slot = this.#slots[turn % this.#slots.length];
      if (!slot) throw new RangeError('a host without slots was called');
      try {
        return await unlessAborted(call(slot), this.#signal);
      } catch (error) {
        this.#signal?.throwIfAborted();
        if (error instanceof AppError || error instanceof SlotRefusal) throw error;
        if (this.#clock.now() > deadlineMs) throw silent(error);
      }
      await this.#clock.sleep(pauseMs, this.#signal);
    }
  }
}

function silent(cause: unknown): AppError {
  return new AppError({
    code: 'worker-failed',
    message: `No worker answered for ${silenceTimeoutMs / 1000} s.`,
    nextStep: 'Look at the host with: cosmos host status NAME; then resume the run.',
    isRetryable: true,
    cause,
  });
}
