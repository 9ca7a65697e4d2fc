/// <reference lib="dom" />

const storageKey = 'cosmos-report-theme';
const next: Readonly<Record<string, string>> = { auto: 'light', light: 'dark', dark: 'auto' };

/** Marks the page as live, which shows the controls, and applies the theme chosen earlier; without one the system's stands. */
export function applyTheme(): void {
  document.documentElement.dataset['live'] = '';
  try {
    const theme = localStorage.getItem(storageKey);
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset['theme'] = theme;
  } catch {
    // A browser may refuse storage to local files; the theme then lasts as long as the page.
  }
}

/** Makes `button` go through auto, light and dark. */
export function startThemeButton(button: HTMLElement): void {
  label(button);
  button.addEventListener('click', () => {
    choose(next[current()] ?? 'auto');
    label(button);
  });
}

function current(): string {
  return document.documentElement.dataset['theme'] ?? 'auto';
}

function choose(theme: string): void {
  const { dataset } = document.documentElement;
  if (theme === 'auto') delete dataset['theme'];
  else dataset['theme'] = theme;
  try {
    localStorage.setItem(storageKey, theme);
  } catch {
    // See applyTheme.
  }
}

function label(button: HTMLElement): void {
  const name = current();
  button.textContent = `\u25d0 ${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  button.setAttribute('aria-label', `Theme: ${name}`);
}
