import type { Page } from 'playwright-core';

/** WCAG 2 contrast of every visible element with text of its own against the nearest opaque background. */
export async function contrasts(page: Page): Promise<{ checked: number; poor: string[] }> {
  return page.evaluate(() => {
    const texts = [...document.querySelectorAll<HTMLElement>('body *')].filter(
      (element) =>
        element.checkVisibility() &&
        !element.closest('.unseen, script, noscript') &&
        [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim()),
    );
    const poor = texts
      .map((element) => ({
        element,
        ratio: contrast(getComputedStyle(element).color, backgroundOf(element)),
      }))
      .filter(({ ratio }) => !(ratio >= 4.5))
      .map(({ element, ratio }) => `${element.tagName}.${element.className} ${ratio.toFixed(2)}`);
    return { checked: texts.length, poor };

    function backgroundOf(element: Element | null): string {
      const color = element ? getComputedStyle(element).backgroundColor : 'rgb(255, 255, 255)';
      return /, 0\)$/.test(color) ? backgroundOf(element?.parentElement ?? null) : color;
    }

    function contrast(first: string, second: string): number {
      const [high = 0, low = 0] = [luminance(first), luminance(second)].sort((a, b) => b - a);
      return (high + 0.05) / (low + 0.05);
    }

    function luminance(color: string): number {
      const [red = NaN, green = NaN, blue = NaN] = (color.match(/[\d.]+/g) ?? []).map((part) => {
        const value = Number(part) / 255;
        return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    }
  });
}
