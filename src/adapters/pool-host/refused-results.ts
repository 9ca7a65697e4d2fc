import { AppError } from '../../errors/app-error.ts';
import type { TaskResult } from '../../protocol/task-result.ts';
import type { PoolMember } from './pool-member.ts';

/** A task whose results were refused is dealt so often in all, and a machine may return so many that are. */
const mostDealings = 3;
const mostRefusals = 3;

/** Results of a pool's machines that cannot be used: their tasks go to other machines first. */
export class RefusedResults {
  readonly #dealings = new Map<string, number>();
  readonly #refusals = new Map<string, number>();

  /** Whether a task is dealt once more after a result of it was refused, which is noted. */
  mayDealAgain(taskKey: string): boolean {
    const dealings = (this.#dealings.get(taskKey) ?? 1) + 1;
    this.#dealings.set(taskKey, dealings);
    return dealings <= mostDealings;
  }

  /**
   * Notes that a machine's result was refused. That texts repeat may be the model's doing, and is not held against it.
   *
   * @returns why the machine should get nothing more; null while it may.
   */
  note({ name }: PoolMember, { error }: TaskResult): AppError | null {
    if (error === null || error.code === 'output-repeated') return null;
    return this.#count(name, error.message);
  }

  /** As `note`, for a machine that said that all was well. */
  noteUnusable({ name }: PoolMember): AppError | null {
    return this.#count(name, 'It could not be used.');
  }

  #count(name: string, message: string): AppError | null {
    const refusals = (this.#refusals.get(name) ?? 0) + 1;
    this.#refusals.set(name, refusals);
    if (refusals !== mostRefusals) return null;
    return new AppError({
      code: 'host-refused',
      message: `${refusals} of its results were refused. The last one: ${message}`,
      nextStep: `Check it with cosmos doctor --host ${name}, or leave it out of --host.`,
    });
  }
}
