import { createHash } from 'node:crypto';
import { normalizeText } from '../../core/upsample/check-answer.ts';
import type { Manifest, ManifestTask } from '../../protocol/manifest.ts';
import type { TaskResult } from '../../protocol/task-result.ts';

/** Who got a text first, and a hash of what was asked; null where that is not known. */
interface Owner {
  readonly taskKey: string;
  readonly input: string | null;
}

/** Which text was given to which task: a model that ignores its input gives the same one for different inputs. */
export class AnswerIndex {
  readonly #ownerByText = new Map<string, Owner>();
  readonly #inputByTask = new Map<string, string>();

  learn(manifests: readonly Manifest[], results: readonly TaskResult[]): void {
    for (const manifest of manifests) {
      if (manifest.kind !== 'upsample') continue;
      for (const { tasks } of manifest.batches)
        for (const task of tasks) this.#inputByTask.set(task.task_key, inputOf(task));
    }
    for (const { task_key: taskKey, status, text } of results) {
      if (status === 'ok' && text !== null)
        this.#claim(text, { taskKey, input: this.#inputByTask.get(taskKey) ?? null });
    }
  }

  /**
   * Notes a task's text, unless a task with another input has it already.
   *
   * @returns the key of that other task, or null.
   */
  claim(task: Pick<ManifestTask, 'task_key' | 'prompt' | 'hint'>, text: string): string | null {
    return this.#claim(text, { taskKey: task.task_key, input: inputOf(task) });
  }

  #claim(text: string, claimant: Owner): string | null {
    const hash = createHash('sha256').update(normalizeText(text)).digest('base64');
    const owner = this.#ownerByText.get(hash);
    if (owner && owner.taskKey !== claimant.taskKey) {
      const isSameInput = owner.input !== null && owner.input === claimant.input;
      return isSameInput ? null : owner.taskKey;
    }
    this.#ownerByText.set(hash, claimant);
    return null;
  }
}

/** What makes two tasks ask for the same thing, whatever their keys. */
function inputOf({ prompt, hint }: Pick<ManifestTask, 'prompt' | 'hint'>): string {
  const hash = createHash('sha256').update(normalizeText(prompt));
  return hash.update(`|${hint?.sha256 ?? ''}`).digest('base64');
}
