/// <reference lib="dom" />
import type { Controls } from './controls.ts';

/** What the keys move through. */
export interface KeyTarget {
  readonly controls: Controls;
  /** The keys' own description. */
  readonly dialog: HTMLDialogElement | null;
  /** Focuses the spec at `position` of the list; false outside it. */
  focus(position: number): boolean;
}

/**
 * The keys that the dialog lists. They never take a key from a text field, an open select or a modifier.
 * Arrow keys move only when a spec has the focus, so that elsewhere they scroll as ever.
 *
 * Self-contained: its source is also embedded in the page.
 */
export function handleKeys(root: Document, { controls, dialog, focus }: KeyTarget): void {
  root.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || dialog?.open) return;
    const isHandled = event.target === controls.search ? inSearch(event.key) : onPage(event);
    if (isHandled) event.preventDefault();
  });
  root.querySelector('#help')?.addEventListener('click', () => dialog?.showModal());
  root.querySelector('#close-keys')?.addEventListener('click', () => dialog?.close());

  function inSearch(key: string): boolean {
    if (key === 'ArrowDown') return focus(0);
    if (key !== 'Escape' || !controls.search) return false;
    if (controls.search.value !== '') {
      controls.search.value = '';
      controls.search.dispatchEvent(new Event('input'));
    } else controls.search.blur();
    return true;
  }

  function onPage(event: KeyboardEvent): boolean {
    const { key, target } = event;
    if (target instanceof Element && target.closest('input, select, textarea')) return false;
    const row = root.activeElement?.closest<HTMLElement>('.spec') ?? null;
    if (key === 'j' || (key === 'ArrowDown' && row)) return focus(row ? positionOf(row) + 1 : firstInView());
    if (key === 'k' || (key === 'ArrowUp' && row))
      return focus(row ? Math.max(0, positionOf(row) - 1) : firstInView());
    if (key === 'o' && row) return click(row.querySelector('.toggle'));
    if (key === 'e') return run(controls.toggleAll);
    if (key === '/') return run(() => controls.search?.focus());
    if (key === '?') return run(() => dialog?.showModal());
    if (key === 'Escape' && row) return run(() => controls.search?.focus());
    return false;
  }

  /** Where a walk starts when no spec has the focus. */
  function firstInView(): number {
    const barPx = root.querySelector('.toolbar')?.getBoundingClientRect().bottom ?? 0;
    const rows = [...root.querySelectorAll<HTMLElement>('.spec')];
    return positionOf(rows.find((row) => row.getBoundingClientRect().bottom > barPx + 40) ?? null);
  }

  function positionOf(row: HTMLElement | null): number {
    return Number(row?.dataset['position'] ?? 0);
  }

  function click(button: HTMLElement | null): boolean {
    button?.click();
    return true;
  }

  function run(action: () => void): boolean {
    action();
    return true;
  }
}
