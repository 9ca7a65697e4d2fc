/// <reference lib="dom" />

/** Makes crops comparable from near: all zoom alike, and those of one place move together. */
export function startCropTiles(root: HTMLElement): void {
  const zooms = [...root.querySelectorAll<HTMLElement>('[data-zoom]')];
  const rows = [...root.querySelectorAll('.tiles')].map((row) => [
    ...row.querySelectorAll<HTMLElement>('.tile-view'),
  ]);
  for (const button of zooms) button.addEventListener('click', () => zoom(button));
  for (const views of rows)
    for (const view of views) {
      view.addEventListener('scroll', () => moveAlike(view, views));
      followDrag(view);
    }

  function zoom(chosen: HTMLElement): void {
    const factor = Number(chosen.dataset['zoom']);
    for (const button of zooms) button.setAttribute('aria-pressed', String(button === chosen));
    const middles = rows.map(([view]) => (view ? middleOf(view) : { across: 0.5, down: 0.5 }));
    root.style.setProperty('--zoom', String(factor));
    root.classList.toggle('zoomed', factor > 1);
    for (const [row, views] of rows.entries())
      for (const view of views) {
        const { across, down } = middles[row] ?? { across: 0.5, down: 0.5 };
        view.scrollLeft = across * view.scrollWidth - view.clientWidth / 2;
        view.scrollTop = down * view.scrollHeight - view.clientHeight / 2;
      }
  }
}

function middleOf(view: HTMLElement): { readonly across: number; readonly down: number } {
  const { scrollLeft, scrollTop, clientWidth, clientHeight, scrollWidth, scrollHeight } = view;
  return {
    across: scrollWidth > 0 ? (scrollLeft + clientWidth / 2) / scrollWidth : 0.5,
    down: scrollHeight > 0 ? (scrollTop + clientHeight / 2) / scrollHeight : 0.5,
  };
}

/** Those that are there already do not move, so that this comes to rest. */
function moveAlike(view: HTMLElement, views: readonly HTMLElement[]): void {
  for (const other of views) {
    if (Math.abs(other.scrollLeft - view.scrollLeft) > 1) other.scrollLeft = view.scrollLeft;
    if (Math.abs(other.scrollTop - view.scrollTop) > 1) other.scrollTop = view.scrollTop;
  }
}

/** A mouse has no other way to move a picture in its frame; fingers scroll it. */
function followDrag(view: HTMLElement): void {
  view.addEventListener('pointerdown', (event) => {
    if (event.button === 0 && event.pointerType === 'mouse') view.setPointerCapture(event.pointerId);
  });
  view.addEventListener('pointermove', (event) => {
    if (!view.hasPointerCapture(event.pointerId)) return;
    view.scrollLeft -= event.movementX;
    view.scrollTop -= event.movementY;
  });
  view.addEventListener('dragstart', (event) => event.preventDefault());
}
