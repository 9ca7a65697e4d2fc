/// <reference lib="dom" />

/**
 * Says that scripts run, which shows the controls, and applies the theme chosen earlier, before the first paint;
 * without one the system's stands.
 *
 * Self-contained: its source is also embedded in the page.
 */
export function applyTheme(): void {
  document.documentElement.dataset['live'] = '';
  try {
    const theme = localStorage.getItem('cosmos-report-theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset['theme'] = theme;
  } catch {
    // A browser may refuse storage to local files; the theme then lasts as long as the page.
  }
}

/**
 * Makes `button` go through auto, light and dark.
 *
 * Self-contained: its source is also embedded in the page.
 */
export function themeControl(button: HTMLElement): void {
  const root = document.documentElement;
  const next: Record<string, string> = { auto: 'light', light: 'dark', dark: 'auto' };
  label();
  button.addEventListener('click', () => {
    choose(next[current()] ?? 'auto');
    label();
  });

  function current(): string {
    return root.dataset['theme'] ?? 'auto';
  }

  function choose(theme: string): void {
    if (theme === 'auto') delete root.dataset['theme'];
    else root.dataset['theme'] = theme;
    try {
      localStorage.setItem('cosmos-report-theme', theme);
    } catch {
      // See applyTheme.
    }
  }

  function label(): void {
    const name = current();
    button.textContent = `\u25d0 ${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    button.setAttribute('aria-label', `Theme: ${name}`);
  }
}
