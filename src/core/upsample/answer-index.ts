import { createHash } from 'node:crypto';
import { normalizeText } from './check-answer.ts';

/** What was asked, as far as it makes two tasks the same. */
interface AskedInput {
  readonly task_key: string;
  readonly prompt: string;
  readonly hint: { readonly sha256: string } | null;
}

/** Who got a text first, and a hash of what was asked; null where that is not known. */
interface Owner {
  readonly taskKey: string;
  readonly input: string | null;
}

/** Hashes of an answer and of what it answers, by which repeated answers are found without the texts. */
export interface AnswerMark {
  readonly text: string;
  readonly input: string;
}

/**
 * Which text was given to which task: a model that ignores its input, or a host that makes answers up, gives the same one
 * for different inputs. Tasks that ask for the same thing may have the same text. Each call costs the same, however many
 * texts are known.
 */
export class AnswerIndex {
  readonly #ownerByText = new Map<string, Owner>();
  readonly #inputByTask = new Map<string, string>();

  /** Takes note of what a task asks, for a text of it that is learnt later. */
  noteTask(task: AskedInput): void {
    this.#inputByTask.set(task.task_key, inputOf(task));
  }

  /** Takes note of a text that a task has. */
  learn(taskKey: string, text: string): void {
    this.#claim(hashOf(text), { taskKey, input: this.#inputByTask.get(taskKey) ?? null });
  }

  /** Takes note of an answer of which only the mark was kept. */
  learnMark(taskKey: string, { text, input }: AnswerMark): void {
    this.#claim(text, { taskKey, input });
  }

  /**
   * Notes a task's text, unless a task with another input has it already.
   *
   * @returns the key of that other task, or null.
   */
  claim(task: AskedInput, text: string): string | null {
    return this.#claim(hashOf(text), { taskKey: task.task_key, input: inputOf(task) });
  }

  #claim(text: string, claimant: Owner): string | null {
    const owner = this.#ownerByText.get(text);
    if (owner && owner.taskKey !== claimant.taskKey) {
      const isSameInput = owner.input !== null && owner.input === claimant.input;
      return isSameInput ? null : owner.taskKey;
    }
    this.#ownerByText.set(text, claimant);
    return null;
  }
}

/** The mark of a task's text. */
export function answerMark(task: Omit<AskedInput, 'task_key'>, text: string): AnswerMark {
  return { text: hashOf(text), input: inputOf(task) };
}

/** So many characters of a hash (96 bits) tell all texts of a run apart. */
const markLength = 16;

function hashOf(text: string): string {
  return createHash('sha256').update(normalizeText(text)).digest('base64url').slice(0, markLength);
}

/** What makes two tasks ask for the same thing, whatever their keys. */
function inputOf({ prompt, hint }: Omit<AskedInput, 'task_key'>): string {
  const hash = createHash('sha256').update(normalizeText(prompt));
  return hash
    .update(`|${hint?.sha256 ?? ''}`)
    .digest('base64url')
    .slice(0, markLength);
}
