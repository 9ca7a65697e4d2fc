/// <reference lib="dom" />
import type { Controls } from './controls.ts';

/** What a key does; false where it does nothing here, so that the browser may act on it. */
type KeyAction = (row: HTMLElement | null) => boolean;

/**
 * Starts the keys that the dialog lists. They never take a key from a text field, an open select or a modifier.
 * Arrow keys move only when a spec has the focus, so that elsewhere they scroll as ever.
 *
 * @param focus - Focuses the spec at a position of the list; false outside it.
 */
export function startKeys(controls: Controls, focus: (position: number) => boolean): void {
  const { search } = controls;
  const dialog = document.querySelector<HTMLDialogElement>('#keys');
  const showKeys = () => done(dialog?.showModal());
  const toSearch = () => done(search?.focus());
  const down: KeyAction = (row) => focus(row ? positionOf(row) + 1 : firstInView());
  const up: KeyAction = (row) => focus(row ? Math.max(0, positionOf(row) - 1) : firstInView());
  const actions: Readonly<Record<string, KeyAction>> = {
    j: down,
    k: up,
    ArrowDown: (row) => row !== null && down(row),
    ArrowUp: (row) => row !== null && up(row),
    o: (row) => row !== null && done(row.querySelector<HTMLElement>('.toggle')?.click()),
    e: () => done(controls.toggleAll()),
    '/': toSearch,
    '?': showKeys,
    Escape: (row) => row !== null && toSearch(),
  };
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || dialog?.open) return;
    const isHandled = event.target === search ? inSearch(event.key) : onPage(event);
    if (isHandled) event.preventDefault();
  });
  document.querySelector('#help')?.addEventListener('click', showKeys);
  document.querySelector('#close-keys')?.addEventListener('click', () => dialog?.close());

  function inSearch(key: string): boolean {
    if (key === 'ArrowDown') return focus(0);
    if (key !== 'Escape' || !search) return false;
    if (search.value === '') return done(search.blur());
    search.value = '';
    return search.dispatchEvent(new Event('input'));
  }

  function onPage({ key, target }: KeyboardEvent): boolean {
    if (target instanceof Element && target.closest('input, select, textarea, video')) return false;
    return actions[key]?.(document.activeElement?.closest<HTMLElement>('.spec') ?? null) ?? false;
  }
}

/** Where a walk starts when no spec has the focus. */
function firstInView(): number {
  const barPx = document.querySelector('.toolbar')?.getBoundingClientRect().bottom ?? 0;
  const rows = [...document.querySelectorAll<HTMLElement>('.spec')];
  return positionOf(rows.find((row) => row.getBoundingClientRect().bottom > barPx + 40) ?? null);
}

function positionOf(row: HTMLElement | null): number {
  return Number(row?.dataset['position'] ?? 0);
}

function done(_result: unknown): true {
  return true;
}
