/// <reference lib="dom" />

/** Makes every button with `data-copy` copy that text, also those that come later. */
export function startCopyButtons(): void {
  document.addEventListener('click', (event) => {
    const button = event.target instanceof Element ? event.target.closest('[data-copy]') : null;
    if (button) void copy(button);
  });
}

async function copy(button: Element): Promise<void> {
  try {
    await navigator.clipboard.writeText(button.getAttribute('data-copy') ?? '');
    button.textContent = 'Copied';
  } catch {
    button.textContent = 'Not allowed';
  }
  setTimeout(() => {
    button.textContent = 'Copy';
  }, 1_500);
}
