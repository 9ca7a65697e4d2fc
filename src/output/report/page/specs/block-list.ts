/// <reference lib="dom" />

const blockSize = 10;
const guessedRowPx = 104;

/**
 * A long list of which only the part near the viewport exists as elements. Rows live in blocks. A block is filled when it
 * comes within about a screen of the viewport and emptied when it leaves, unless the focus is in it; meanwhile it keeps its
 * measured height, so nothing jumps.
 */
export class BlockList {
  readonly #container: HTMLElement;
  readonly #rowAt: (position: number) => HTMLElement;
  readonly #observer: IntersectionObserver;
  #blocks: HTMLElement[] = [];
  #size = 0;

  /** @param rowAt - Makes the row at a position; called again whenever the row comes near. */
  constructor(container: HTMLElement, rowAt: (position: number) => HTMLElement) {
    this.#container = container;
    this.#rowAt = rowAt;
    this.#observer = new IntersectionObserver((entries) => this.#onMove(entries), {
      rootMargin: '900px 0px',
    });
  }

  show(size: number): void {
    this.#observer.disconnect();
    this.#blocks = [];
    this.#container.replaceChildren();
    this.grow(size);
    this.#fillBlock(0);
  }

  /** Adds rows at the end; those that are there stay as they are. */
  grow(newSize: number): void {
    this.#size = newSize;
    const last = this.#blocks.at(-1);
    if (last?.firstChild) this.#addRows(last, this.#blocks.length - 1);
    while (this.#blocks.length < Math.ceil(newSize / blockSize)) {
      const block = document.createElement('div');
      block.className = 'block';
      block.setAttribute('role', 'presentation');
      block.style.height = `${this.#rowsIn(this.#blocks.length) * guessedRowPx}px`;
      this.#blocks.push(block);
      this.#container.append(block);
      this.#observer.observe(block);
    }
  }

  /** The row at `position`, made if need be; null outside the list. */
  reveal(position: number): HTMLElement | null {
    const row = this.#fillBlock(Math.floor(position / blockSize))?.children[position % blockSize];
    return row instanceof HTMLElement ? row : null;
  }

  /** Makes all rows up to `maxRows`, for printing; `show` returns to the part near the viewport. */
  fill(maxRows: number): void {
    for (let number = 0; number < Math.min(this.#blocks.length, maxRows / blockSize); number += 1)
      this.#fillBlock(number);
  }

  #onMove(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const number = (this.#blocks as readonly Element[]).indexOf(target);
      if (isIntersecting) this.#fillBlock(number);
      else this.#clearBlock(number);
    }
  }

  #fillBlock(number: number): HTMLElement | null {
    const block = this.#blocks[number] ?? null;
    if (block === null || block.firstChild !== null) return block;
    this.#addRows(block, number);
    block.style.height = '';
    return block;
  }

  #addRows(block: HTMLElement, number: number): void {
    for (let offset = block.children.length; offset < this.#rowsIn(number); offset += 1)
      block.append(this.#rowAt(number * blockSize + offset));
  }

  #clearBlock(number: number): void {
    const block = this.#blocks[number];
    if (!block?.firstChild || block.contains(document.activeElement)) return;
    block.style.height = `${block.getBoundingClientRect().height}px`;
    block.replaceChildren();
  }

  #rowsIn(number: number): number {
    return Math.min(blockSize, this.#size - number * blockSize);
  }
}
