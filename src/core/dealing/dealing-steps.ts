/** What is to be done next. */
export type DealingStep =
  | {
      readonly type: 'assign';
      readonly machine: string;
      readonly keys: readonly string[];
      readonly isCopy: boolean;
    }
  /** Tasks that are asked back; `Dealer.noteWithdrawn` is told what became of them. */
  | { readonly type: 'withdraw'; readonly machine: string; readonly keys: readonly string[] };

/** Steps of one kind for one machine become one step. */
export class StepList {
  readonly #keys = new Map<string, { readonly step: DealingStep; readonly keys: string[] }>();

  assign(machine: string, key: string, isCopy: boolean): void {
    this.#add(`assign ${isCopy} ${machine}`, key, (keys) => ({ type: 'assign', machine, keys, isCopy }));
  }

  withdraw(machine: string, key: string): void {
    this.#add(`withdraw ${machine}`, key, (keys) => ({ type: 'withdraw', machine, keys }));
  }

  all(): DealingStep[] {
    return [...this.#keys.values()].map(({ step }) => step);
  }

  #add(id: string, key: string, make: (keys: readonly string[]) => DealingStep): void {
    const known = this.#keys.get(id);
    if (known) {
      known.keys.push(key);
      return;
    }
    const keys = [key];
    this.#keys.set(id, { step: make(keys), keys });
  }
}
