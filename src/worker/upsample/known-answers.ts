import type { Manifest } from '../../protocol/manifest.ts';
import type { TaskResult } from '../../protocol/task-result.ts';
import { AnswerLedger, inputOf } from './answer-index.ts';

/** The answers of a run and what they were given for, those of earlier processes included. */
export class KnownAnswers {
  readonly ledger = new AnswerLedger();
  readonly #inputs = new Map<string, string>();

  /** What the tasks of this manifest ask. */
  remember(manifest: Manifest): void {
    if (manifest.kind !== 'upsample') return;
    for (const batch of manifest.batches) {
      for (const task of batch.tasks) this.#inputs.set(task.task_key, inputOf(task));
    }
  }

  /** Results that are there already. */
  claim(results: readonly TaskResult[]): void {
    for (const result of results) {
      if (result.status !== 'ok' || result.text === null) continue;
      const input = this.#inputs.get(result.task_key) ?? null;
      this.ledger.claim({ taskKey: result.task_key, input, text: result.text });
    }
  }
}
