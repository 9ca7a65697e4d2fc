/// <reference lib="dom" />
import type { Selection } from './order.ts';

/** What the controls of the toolbar act on. */
export interface ControlActions {
  /** The reader asked for other specs or another order. */
  select(selection: Selection): void;
  /** Opens or closes all specs. */
  setAllOpen(isOpen: boolean): void;
}

/** The toolbar, for those who react to the same wishes by key. */
export interface Controls {
  readonly search: HTMLInputElement | null;
  /** Shows everything again. */
  clear(): void;
  toggleAll(): void;
  selection(): Selection;
}

/**
 * Connects search, filters, order and "expand all".
 *
 * Self-contained: its source is also embedded in the page.
 */
export function startControls(root: Document, actions: ControlActions): Controls {
  const search = root.querySelector<HTMLInputElement>('#search');
  const sort = root.querySelector<HTMLSelectElement>('#sort');
  const expand = root.querySelector<HTMLElement>('#expand');
  const chips = [...root.querySelectorAll<HTMLElement>('.chip')];
  search?.addEventListener('input', changed);
  sort?.addEventListener('change', changed);
  expand?.addEventListener('click', toggleAll);
  root.querySelector('#clear')?.addEventListener('click', () => {
    clear();
    search?.focus();
  });
  for (const chip of chips) {
    chip.addEventListener('click', () => {
      chip.setAttribute('aria-pressed', String(!isPressed(chip)));
      changed();
    });
  }
  return { search, clear, toggleAll, selection };

  function selection(): Selection {
    const pressed = chips.filter(isPressed).map((chip) => chip.dataset['status'] ?? '');
    return { text: search?.value ?? '', statuses: new Set(pressed), sort: sort?.value ?? 'failures' };
  }

  function changed(): void {
    actions.select(selection());
  }

  function clear(): void {
    if (search) search.value = '';
    for (const chip of chips) chip.setAttribute('aria-pressed', 'false');
    changed();
  }

  function toggleAll(): void {
    if (!expand) return;
    const isOpen = expand.textContent === 'Expand all';
    expand.textContent = isOpen ? 'Collapse all' : 'Expand all';
    actions.setAllOpen(isOpen);
  }

  function isPressed(button: Element): boolean {
    return button.getAttribute('aria-pressed') === 'true';
  }
}
