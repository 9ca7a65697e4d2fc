import type { LifecycleEvent } from '../../core/run/run-status.ts';
import type { ActiveRun, RunTypes } from './run-kind.ts';

/** What events are recorded of; no observer sees those of a run that is only noted as stopped. */
type RecordedRun<K extends RunTypes> = Pick<ActiveRun<K>, 'session' | 'state'> &
  Partial<Pick<ActiveRun<K>, 'observer'>>;

/** The one place where a run's events are made: each goes into the journal, the state and to the observer. */
export class RunEventRecorder<K extends RunTypes> {
  readonly #run: RecordedRun<K>;
  readonly #allSettled = Promise.withResolvers<void>();
  /** Resolves when every task has an outcome. */
  readonly allSettled = this.#allSettled.promise;

  constructor(run: RecordedRun<K>) {
    this.#run = run;
    this.#checkAllSettled();
  }

  emit(body: K['event'] | LifecycleEvent): void {
    this.#run.observer?.onEvent(this.note(body));
  }

  /** Like `emit`, but the caller passes the event to the observer. */
  note(body: K['event'] | LifecycleEvent) {
    const { session, state } = this.#run;
    // Every kind's events include those of the lifecycle.
    const event = session.append(body as K['event']);
    state.apply(event);
    this.#checkAllSettled();
    return event;
  }

  #checkAllSettled(): void {
    if (this.#run.state.pendingCount === 0) this.#allSettled.resolve();
  }
}
