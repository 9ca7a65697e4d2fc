/// <reference lib="dom" />
import { el } from '../elements.ts';

/**
 * Makes pairs of pictures comparable: one pair at a time, the picture before above the one after, with a line between them
 * that follows the slider, or a pointer over the picture. Without it the pairs stand side by side, one below the other.
 */
export function startFramePairs(root: HTMLElement): void {
  const pairs = [...root.querySelectorAll<HTMLElement>('.pair')];
  const zooms = [...root.querySelectorAll<HTMLElement>('[data-zoom]')];
  const choices = pairs.map((pair, index) => choiceOf(pair, () => keepMiddle(root, () => show(index))));
  if (pairs.length > 1) root.querySelector('.picker')?.append(...choices);
  for (const pair of pairs) connect(pair);
  for (const button of zooms) button.addEventListener('click', () => zoom(button));
  show(0);

  function show(shown: number): void {
    for (const [index, pair] of pairs.entries()) {
      pair.hidden = index !== shown;
      choices[index]?.setAttribute('aria-pressed', String(index === shown));
    }
  }

  /** Larger pictures scroll in their frame. */
  function zoom(chosen: HTMLElement): void {
    const factor = Number(chosen.dataset['zoom']);
    for (const button of zooms) button.setAttribute('aria-pressed', String(button === chosen));
    keepMiddle(root, () => {
      root.style.setProperty('--zoom', String(factor));
      root.classList.toggle('zoomed', factor > 1);
    });
  }
}

function choiceOf(pair: HTMLElement, choose: () => void): HTMLElement {
  const src = pair.querySelector('.before')?.getAttribute('src') ?? '';
  const label = pair.querySelector('.pair-name')?.textContent ?? '';
  const time = pair.querySelector('.pair-time')?.textContent ?? '';
  const picture = el('img', { src, alt: '', width: 96, height: 54, decoding: 'async' });
  const attributes = { type: 'button', class: 'choice', 'aria-label': label };
  const choice = el('button', attributes, picture, el('span', {}, time));
  choice.addEventListener('click', choose);
  return choice;
}

/** Has the line of a pair follow its slider and pointers. */
function connect(pair: HTMLElement): void {
  const view = pair.querySelector<HTMLElement>('.view');
  const stage = pair.querySelector<HTMLElement>('.stage');
  const slider = pair.querySelector<HTMLInputElement>('input');
  const after = pair.querySelector<HTMLImageElement>('.after');
  if (!view || !stage || !slider || !after) return;
  const place = () => placeLine(view, stage, slider);
  const shape = () => {
    if (after.naturalHeight > 0)
      stage.style.setProperty('--aspect', String(after.naturalWidth / after.naturalHeight));
  };
  after.addEventListener('load', shape);
  slider.addEventListener('input', place);
  view.addEventListener('scroll', place);
  new ResizeObserver(place).observe(stage);
  followPointer(stage, (clientX) => {
    const seen = seenOf(view, stage.getBoundingClientRect());
    slider.value = String((100 * (clientX - seen.left)) / seen.width);
    place();
  });
  shape();
  place();
}

/** The slider goes from edge to edge of what is seen of the picture, so the line stays while a zoomed one scrolls. */
function placeLine(view: HTMLElement, stage: HTMLElement, slider: HTMLInputElement): void {
  const whole = stage.getBoundingClientRect();
  if (whole.width === 0) return;
  const seen = seenOf(view, whole);
  const x = seen.left + (Number(slider.value) / 100) * seen.width - whole.left;
  const y = seen.top + seen.height / 2 - whole.top;
  stage.style.setProperty('--at', `${(100 * x) / whole.width}%`);
  stage.style.setProperty('--middle', `${(100 * y) / whole.height}%`);
  const before = Math.round(Number(slider.value));
  slider.setAttribute('aria-valuetext', `${before} % before, ${100 - before} % after`);
}

/** The part of the picture that its window shows. */
function seenOf(view: HTMLElement, whole: DOMRect): DOMRect {
  const { left: viewLeft, top: viewTop } = view.getBoundingClientRect();
  const [left, top] = [Math.max(viewLeft, whole.left), Math.max(viewTop, whole.top)];
  const right = Math.min(viewLeft + view.clientWidth, whole.right);
  const bottom = Math.min(viewTop + view.clientHeight, whole.bottom);
  return new DOMRect(left, top, Math.max(0, right - left), Math.max(0, bottom - top));
}

function followPointer(stage: HTMLElement, moveTo: (clientX: number) => void): void {
  stage.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    stage.setPointerCapture(event.pointerId);
    moveTo(event.clientX);
  });
  stage.addEventListener('pointermove', (event) => {
    if (stage.hasPointerCapture(event.pointerId)) moveTo(event.clientX);
  });
  // Else the browser would drag the picture away.
  stage.addEventListener('dragstart', (event) => event.preventDefault());
}

/** What is in the middle of the picture before a change is there after it, in whatever picture is shown then. */
function keepMiddle(root: HTMLElement, change: () => void): void {
  const shownView = () => root.querySelector('.pair:not([hidden]) .view');
  const from = shownView();
  const across = from ? middleOf(from.scrollLeft, from.clientWidth, from.scrollWidth) : 0.5;
  const down = from ? middleOf(from.scrollTop, from.clientHeight, from.scrollHeight) : 0.5;
  change();
  const to = shownView();
  if (!to) return;
  to.scrollLeft = across * to.scrollWidth - to.clientWidth / 2;
  to.scrollTop = down * to.scrollHeight - to.clientHeight / 2;
}

function middleOf(start: number, shown: number, whole: number): number {
  return whole > 0 ? (start + shown / 2) / whole : 0.5;
}
