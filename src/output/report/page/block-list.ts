/// <reference lib="dom" />

/** A long list of which only the part near the viewport exists as elements. */
export interface BlockList {
  /** Shows `size` rows; `rowAt` makes the row at a position, and is asked again whenever it comes near. */
  show(size: number): void;
  /** Adds rows at the end; those that are there stay as they are. */
  grow(newSize: number): void;
  /** The row at `position`, made if need be; null outside the list. */
  reveal(position: number): HTMLElement | null;
  /** Makes all rows up to `maxRows`, for printing; `show` returns to the part near the viewport. */
  fill(maxRows: number): void;
}

/**
 * Rows live in blocks. A block is filled when it comes within about a screen of the viewport and emptied when it
 * leaves, unless the focus is in it; meanwhile it keeps its measured height, so nothing jumps.
 *
 * Self-contained: its source is also embedded in the page.
 */
export function createBlockList(container: HTMLElement, rowAt: (position: number) => HTMLElement): BlockList {
  const blockSize = 10;
  const guessedRowPx = 104;
  let size = 0;
  let blocks: HTMLElement[] = [];
  let numbers = new Map<Element, number>();
  const observer = new IntersectionObserver(onMove, { rootMargin: '900px 0px' });
  return { show, grow, reveal, fill };

  function show(newSize: number): void {
    observer.disconnect();
    size = 0;
    blocks = [];
    numbers = new Map();
    container.replaceChildren();
    grow(newSize);
    fillBlock(0);
  }

  function grow(newSize: number): void {
    size = newSize;
    const last = blocks.at(-1);
    if (last?.firstChild) addRows(last, blocks.length - 1);
    while (blocks.length < Math.ceil(size / blockSize)) {
      const block = emptyBlock(blocks.length);
      numbers.set(block, blocks.length);
      blocks.push(block);
      container.append(block);
      observer.observe(block);
    }
  }

  function reveal(position: number): HTMLElement | null {
    const block = fillBlock(Math.floor(position / blockSize));
    const row = block?.children[position % blockSize];
    return row instanceof HTMLElement ? row : null;
  }

  function fill(maxRows: number): void {
    for (let number = 0; number < Math.min(blocks.length, maxRows / blockSize); number += 1)
      fillBlock(number);
  }

  function onMove(entries: IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const number = numbers.get(target);
      if (number === undefined) continue;
      if (isIntersecting) fillBlock(number);
      else clearBlock(number);
    }
  }

  function emptyBlock(number: number): HTMLElement {
    const block = document.createElement('div');
    block.className = 'block';
    block.setAttribute('role', 'presentation');
    block.style.height = `${rowsIn(number) * guessedRowPx}px`;
    return block;
  }

  function fillBlock(number: number): HTMLElement | null {
    const block = blocks[number] ?? null;
    if (block === null || block.firstChild !== null) return block;
    addRows(block, number);
    block.style.height = '';
    return block;
  }

  function addRows(block: HTMLElement, number: number): void {
    for (let offset = block.children.length; offset < rowsIn(number); offset += 1) {
      block.append(rowAt(number * blockSize + offset));
    }
  }

  function clearBlock(number: number): void {
    const block = blocks[number];
    if (!block?.firstChild || block.contains(document.activeElement)) return;
    block.style.height = `${block.getBoundingClientRect().height}px`;
    block.replaceChildren();
  }

  function rowsIn(number: number): number {
    return Math.min(blockSize, size - number * blockSize);
  }
}
