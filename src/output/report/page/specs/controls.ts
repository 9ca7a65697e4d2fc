/// <reference lib="dom" />
import type { Selection } from './order.ts';

interface ControlActions {
  /** The reader asked for other specs or another order. */
  select(selection: Selection): void;
  setAllOpen(isOpen: boolean): void;
}

/** The toolbar: search, filters, order and "expand all". */
export class Controls {
  readonly search = document.querySelector<HTMLInputElement>('#search');
  readonly #sort = document.querySelector<HTMLSelectElement>('#sort');
  readonly #expand = document.querySelector<HTMLElement>('#expand');
  readonly #chips = [...document.querySelectorAll<HTMLElement>('.chip')];
  readonly #actions: ControlActions;

  constructor(actions: ControlActions) {
    this.#actions = actions;
    this.search?.addEventListener('input', () => this.#changed());
    this.#sort?.addEventListener('change', () => this.#changed());
    this.#expand?.addEventListener('click', () => this.toggleAll());
    document.querySelector('#clear')?.addEventListener('click', () => this.#clear());
    for (const chip of this.#chips) {
      chip.addEventListener('click', () => {
        chip.setAttribute('aria-pressed', String(!isPressed(chip)));
        this.#changed();
      });
    }
  }

  get selection(): Selection {
    const pressed = this.#chips.filter(isPressed).map((chip) => chip.dataset['status'] ?? '');
    return {
      text: this.search?.value ?? '',
      statuses: new Set(pressed),
      sort: this.#sort?.value ?? 'failures',
    };
  }

  toggleAll(): void {
    if (!this.#expand) return;
    const isOpen = this.#expand.textContent === 'Expand all';
    this.#expand.textContent = isOpen ? 'Collapse all' : 'Expand all';
    this.#actions.setAllOpen(isOpen);
  }

  #changed(): void {
    this.#actions.select(this.selection);
  }

  #clear(): void {
    if (this.search) this.search.value = '';
    for (const chip of this.#chips) chip.setAttribute('aria-pressed', 'false');
    this.#changed();
    this.search?.focus();
  }
}

function isPressed(button: Element): boolean {
  return button.getAttribute('aria-pressed') === 'true';
}
