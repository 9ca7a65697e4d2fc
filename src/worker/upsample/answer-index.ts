import { createHash } from 'node:crypto';
import { normalizeText } from '../../core/upsample/output-checks.ts';

/** A text and the task it was given to. */
interface GivenText {
  readonly taskKey: string;
  /** Stands for what was asked; null where that is not known any more. */
  readonly input: string | null;
  readonly text: string;
}

/** Which text was given to which task: a model that does not look gives the same one for different inputs. */
export class AnswerLedger {
  readonly #givenByText = new Map<string, { readonly taskKey: string; readonly input: string | null }>();

  /**
   * Notes a task's text, unless a task with another input has it already.
   *
   * @returns the key of that other task, or null.
   */
  claim(given: GivenText): string | null {
    const hash = createHash('sha256').update(normalizeText(given.text)).digest('base64');
    const owner = this.#givenByText.get(hash);
    if (owner && owner.taskKey !== given.taskKey) {
      const isSameInput = owner.input !== null && owner.input === given.input;
      return isSameInput ? null : owner.taskKey;
    }
    this.#givenByText.set(hash, { taskKey: given.taskKey, input: given.input });
    return null;
  }
}

/** What makes two tasks ask for the same thing, whatever their keys. */
export function inputOf(task: {
  readonly prompt: string;
  readonly hint: { readonly sha256: string } | null;
}): string {
  const hash = createHash('sha256').update(normalizeText(task.prompt));
  return hash.update(`|${task.hint?.sha256 ?? ''}`).digest('base64');
}
