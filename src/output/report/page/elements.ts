/// <reference lib="dom" />
import { visibleText } from '../html.ts';

/** What an element may hold: elements, or strings, which are always text. */
export type Child = Node | string | null;

/**
 * Makes an element; a `null` attribute or child is left out. The only way the page makes elements: no text ever passes a
 * markup parser, so a spec cannot become code.
 */
export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string | number | null>>,
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null) element.setAttribute(name, String(value));
  }
  for (const child of children) {
    if (child !== null) element.append(typeof child === 'string' ? visibleText(child) : child);
  }
  return element;
}
