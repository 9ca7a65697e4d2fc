import { messageOf } from '../../errors/app-error.ts';
import type { CheckResult, Diagnostics } from '../../ports/diagnostics.ts';

/** One thing to look at. */
export interface Check {
  readonly name: string;
  run(): Promise<Omit<CheckResult, 'name'>>;
}

/** {@link Diagnostics} over a list of checks, all at once; one that throws has failed. */
export class CheckList implements Diagnostics {
  readonly #checks: readonly Check[];

  constructor(checks: readonly Check[]) {
    this.#checks = checks;
  }

  async check(): Promise<readonly CheckResult[]> {
    return await Promise.all(this.#checks.map(resultOf));
  }
}

async function resultOf(check: Check): Promise<CheckResult> {
  try {
    return { name: check.name, ...(await check.run()) };
  } catch (error) {
    return { name: check.name, status: 'failed', detail: messageOf(error), fix: 'See the message.' };
  }
}
