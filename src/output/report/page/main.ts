/// <reference lib="dom" />
import type { Selection } from './order.ts';
import type { PageTools } from './tools.ts';

/**
 * Brings the page to life: reads the specs, shows those that are asked for, and opens them.
 *
 * Self-contained: its source is embedded in the page, and gets everything else it calls as `tools`.
 */
export function startReport(tools: PageTools): void {
  const maxPrintedRows = 2_000;
  const maxOpenAtStart = 12;
  const feed = document.querySelector<HTMLElement>('#specs');
  if (!feed) return;
  const container = feed;
  const formats = tools.createFormats();
  const el = tools.createElements(tools.visibleText);
  const store = tools.openStore(document);
  const order = tools.createOrder(formats);
  const details = tools.createSpecDetails({ el, formats, frames: store.frames, diff: tools.wordDiff });
  const rows = tools.createSpecRow({ el, formats, frames: store.frames, details });
  const list = tools.createBlockList(container, rowAt);
  /** Specs that differ from `isAllOpen`. */
  const exceptions = new Set<number>();
  let isAllOpen = false;
  let isLoaded = false;
  let shown: number[] = [];
  const controls = tools.startControls(document, { select, setAllOpen });
  tools.startCopyButtons(document);
  tools.themeControl(document.querySelector<HTMLElement>('#theme') ?? el('button', {}));
  tools.handleKeys(document, { controls, dialog: document.querySelector('#keys'), focus: focusRow });
  container.addEventListener('click', onClick);
  window.addEventListener('beforeprint', () => list.fill(maxPrintedRows));
  window.addEventListener('afterprint', () => list.show(shown.length));
  void start();

  async function start(): Promise<void> {
    await store.load(showArrived);
    isLoaded = true;
    for (const row of container.querySelectorAll('.spec'))
      row.setAttribute('aria-setsize', `${store.specs.length}`);
    moveLateNotices();
    if (store.specs.length <= maxOpenAtStart) controls.toggleAll();
    const selection = controls.selection();
    if (isPlain(selection)) showArrived();
    else select(selection);
    container.setAttribute('aria-busy', 'false');
  }

  /** While the page arrives, new specs go to the end of the plain list; a search is answered again at the end. */
  function showArrived(): void {
    const selection = controls.selection();
    if (!isPlain(selection)) return;
    const before = shown;
    shown = order.select(store.specs, selection);
    const isLonger = before.every((index, position) => shown[position] === index);
    if (isLonger) list.grow(shown.length);
    else list.show(shown.length);
    announce(selection);
  }

  function isPlain({ text, statuses, sort }: Selection): boolean {
    return text.trim() === '' && statuses.size === 0 && sort === 'failures';
  }

  function select(selection: Selection): void {
    shown = order.select(store.specs, selection);
    list.show(shown.length);
    announce(selection);
    if (container.getBoundingClientRect().top < 0) container.scrollIntoView();
  }

  function announce({ text, statuses }: Selection): void {
    const total = formats.count(store.specs.length);
    const isAll = text.trim() === '' && statuses.size === 0;
    const words = isAll ? `${total} specs` : `${formats.count(shown.length)} of ${total} match`;
    const status = document.querySelector('#count');
    if (isLoaded && status && status.textContent !== words) status.textContent = words;
    document.querySelector('#empty')?.toggleAttribute('hidden', shown.length > 0 || !isLoaded);
  }

  function rowAt(position: number): HTMLElement {
    const index = shown[position] ?? -1;
    const spec = store.specs[index];
    return spec
      ? rows.make(spec, index, { position, total: isLoaded ? shown.length : -1 }, isOpen(index))
      : el('div', {});
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

  function onClick(event: Event): void {
    const row =
      event.target instanceof Element ? event.target.closest('.toggle')?.closest<HTMLElement>('.spec') : null;
    const index = Number(row?.dataset['index']);
    const spec = store.specs[index];
    if (!row || !spec) return;
    if (!exceptions.delete(index)) exceptions.add(index);
    rows.setOpen(row, spec, index, isOpen(index));
  }

  function focusRow(position: number): boolean {
    const row = list.reveal(position);
    row?.querySelector<HTMLElement>('.toggle')?.focus({ preventScroll: true });
    row?.scrollIntoView({ block: 'nearest' });
    return row !== null;
  }

  function moveLateNotices(): void {
    const late = document.querySelector('#late-notices');
    if (late) document.querySelector('#notices')?.append(...late.childNodes);
  }
}
