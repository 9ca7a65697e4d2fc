/// <reference lib="dom" />

/**
 * Makes every button with `data-copy` copy that text, also those that come later.
 *
 * Self-contained: its source is also embedded in the pages.
 */
export function startCopyButtons(root: Document): void {
  root.addEventListener('click', (event) => {
    const button = event.target instanceof Element ? event.target.closest('[data-copy]') : null;
    if (button) void copy(button);
  });

  async function copy(button: Element): Promise<void> {
    const said = await write(button.getAttribute('data-copy') ?? '').then(
      () => 'Copied',
      () => 'Not allowed',
    );
    button.textContent = said;
    setTimeout(() => {
      button.textContent = 'Copy';
    }, 1_500);
  }

  async function write(text: string): Promise<void> {
    await navigator.clipboard.writeText(text);
  }
}
