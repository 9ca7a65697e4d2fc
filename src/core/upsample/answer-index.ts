import { hash } from 'node:crypto';
import { base64UrlOfWords, HashRows, hexOfWords, wordsOfBase64Url, wordsOfHex } from '../hash-rows.ts';
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

const markWords = 3;
const keyWords = 8;
/** Where a row of owners has its words. */
const at = { input: markWords, key: 2 * markWords, hasInput: 2 * markWords + keyWords } as const;

/**
 * Which text was given to which task: a model that ignores its input, or a host that makes answers up, gives the same one
 * for different inputs. Tasks that ask for the same thing may have the same text. Each call costs the same, however many
 * texts are known.
 */
export class AnswerIndex {
  /** By a text's hash: that of what was asked, the key of the task, and whether the former is known. */
  readonly #owners = new HashRows(markWords, at.hasInput + 1);
  /** By a task's key: the hash of what it asks. */
  readonly #inputs = new HashRows(keyWords, keyWords + markWords);
  /** The same of keys and marks that are no hashes. */
  readonly #otherOwners = new Map<string, Owner>();
  readonly #otherInputs = new Map<string, string>();

  /** Takes note of what a task asks, for a text of it that is learnt later. */
  noteTask(task: AskedInput): void {
    const [key, input] = [wordsOfHex(task.task_key), inputOf(task)];
    const words = wordsOfBase64Url(input);
    if (key && words) this.#inputs.insert(key).set(words, keyWords);
    else this.#otherInputs.set(task.task_key, input);
  }

  /** Takes note of a text that a task has. */
  learn(taskKey: string, text: string): void {
    this.#claim(hashOf(text), { taskKey, input: this.#inputOf(taskKey) });
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
    const owner = this.#ownerOf(text);
    if (owner && owner.taskKey !== claimant.taskKey) {
      const isSameInput = owner.input !== null && owner.input === claimant.input;
      return isSameInput ? null : owner.taskKey;
    }
    this.#setOwner(text, claimant);
    return null;
  }

  #inputOf(taskKey: string): string | null {
    const key = wordsOfHex(taskKey);
    const row = key && this.#inputs.find(key);
    return row ? base64UrlOfWords(row.subarray(keyWords)) : (this.#otherInputs.get(taskKey) ?? null);
  }

  #ownerOf(text: string): Owner | null {
    const words = wordsOfBase64Url(text);
    const row = words && this.#owners.find(words);
    if (!row) return this.#otherOwners.get(text) ?? null;
    const input = row[at.hasInput] === 1 ? base64UrlOfWords(row.subarray(at.input)) : null;
    return { taskKey: hexOfWords(row.subarray(at.key)), input };
  }

  #setOwner(text: string, owner: Owner): void {
    const [words, key] = [wordsOfBase64Url(text), wordsOfHex(owner.taskKey)];
    const input = owner.input === null ? new Uint32Array(markWords) : wordsOfBase64Url(owner.input);
    if (!words || !key || !input || this.#otherOwners.has(text)) {
      this.#otherOwners.set(text, owner);
      return;
    }
    const row = this.#owners.insert(words);
    row.set(input, at.input);
    row.set(key, at.key);
    row[at.hasInput] = Number(owner.input !== null);
  }
}

/** The mark of a task's text. */
export function answerMark(task: Omit<AskedInput, 'task_key'>, text: string): AnswerMark {
  return { text: hashOf(text), input: inputOf(task) };
}

/** So many characters of a hash (96 bits) tell all texts of a run apart. */
const markLength = 16;

function hashOf(text: string): string {
  return hash('sha256', normalizeText(text), 'base64url').slice(0, markLength);
}

/** What makes two tasks ask for the same thing, whatever their keys. */
function inputOf({ prompt, hint }: Omit<AskedInput, 'task_key'>): string {
  return hash('sha256', `${normalizeText(prompt)}|${hint?.sha256 ?? ''}`, 'base64url').slice(0, markLength);
}
