/// <reference lib="dom" />
import { numeral } from '../../../text/format.ts';
import { el } from '../elements.ts';
import { BlockList } from './block-list.ts';
import { Controls } from './controls.ts';
import { startKeys } from './keyboard.ts';
import { createOrder, type Selection } from './order.ts';
import { type ListedSpec, setRowOpen, specRow } from './spec-row.ts';
import { SpecDataStore } from './spec-store.ts';

const maxPrintedRows = 2_000;
const maxOpenAtStart = 12;

/** Reads the specs of the page, shows those that are asked for in `container`, and opens them. */
export function startSpecList(container: HTMLElement): void {
  const store = new SpecDataStore();
  const order = createOrder();
  const list = new BlockList(container, rowAt);
  const exceptions = new Set<number>();
  let isAllOpen = false;
  let isLoaded = false;
  let shown: number[] = [];
  const controls = new Controls({ select, setAllOpen });
  startKeys(controls, focusRow);
  container.addEventListener('click', onClick);
  window.addEventListener('beforeprint', () => list.fill(maxPrintedRows));
  window.addEventListener('afterprint', () => list.show(shown.length));
  void load();

  async function load(): Promise<void> {
    await store.load(showArrived);
    isLoaded = true;
    for (const row of container.querySelectorAll('.spec'))
      row.setAttribute('aria-setsize', `${store.specs.length}`);
    const late = document.querySelector('#late-notices');
    if (late) document.querySelector('#notices')?.append(...late.childNodes);
    if (store.specs.length <= maxOpenAtStart) controls.toggleAll();
    if (isPlain(controls.selection)) showArrived();
    else select(controls.selection);
    container.setAttribute('aria-busy', 'false');
  }

  /** While the page arrives, new specs go to the end of the plain list; a search is answered again at the end. */
  function showArrived(): void {
    const { selection } = controls;
    if (!isPlain(selection)) return;
    const before = shown;
    shown = order.select(store.specs, selection);
    const isLonger = before.every((index, position) => shown[position] === index);
    if (isLonger) list.grow(shown.length);
    else list.show(shown.length);
    announce(selection);
  }

  function select(selection: Selection): void {
    shown = order.select(store.specs, selection);
    list.show(shown.length);
    announce(selection);
    if (container.getBoundingClientRect().top < 0) container.scrollIntoView();
  }

  function announce(selection: Selection): void {
    const total = numeral(store.specs.length);
    const text = isAll(selection) ? `${total} specs` : `${numeral(shown.length)} of ${total} match`;
    const status = document.querySelector('#count');
    if (isLoaded && status && status.textContent !== text) status.textContent = text;
    document.querySelector('#empty')?.toggleAttribute('hidden', shown.length > 0 || !isLoaded);
  }

  function rowAt(position: number): HTMLElement {
    const listed = listedAt(shown[position] ?? -1);
    if (!listed) return el('div', {});
    const row = specRow(listed, position, isLoaded ? shown.length : -1);
    if (isOpen(listed.index)) setRowOpen(row, listed, true);
    return row;
  }

  function listedAt(index: number): ListedSpec | null {
    const spec = store.specs[index];
    return spec ? { spec, index, media: store.media(index) } : null;
  }

  function isOpen(index: number): boolean {
    return exceptions.has(index) !== isAllOpen;
  }

  function setAllOpen(isOpenNow: boolean): void {
    const position = document.activeElement?.closest<HTMLElement>('.spec')?.dataset['position'];
    isAllOpen = isOpenNow;
    exceptions.clear();
    list.show(shown.length);
    if (position !== undefined) focusRow(Number(position));
  }

  function onClick({ target }: Event): void {
    const toggle = target instanceof Element ? target.closest('.toggle') : null;
    const row = toggle?.closest<HTMLElement>('.spec');
    const listed = listedAt(Number(row?.dataset['index']));
    if (!row || !listed) return;
    if (!exceptions.delete(listed.index)) exceptions.add(listed.index);
    setRowOpen(row, listed, isOpen(listed.index));
  }

  function focusRow(position: number): boolean {
    const row = list.reveal(position);
    row?.querySelector<HTMLElement>('.toggle')?.focus({ preventScroll: true });
    row?.scrollIntoView({ block: 'nearest' });
    return row !== null;
  }
}

function isAll({ text, statuses }: Selection): boolean {
  return text.trim() === '' && statuses.size === 0;
}

function isPlain(selection: Selection): boolean {
  return isAll(selection) && selection.sort === 'failures';
}
