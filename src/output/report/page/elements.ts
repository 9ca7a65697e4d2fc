/// <reference lib="dom" />

/** What an element may hold: elements, or strings, which are always text. */
export type Child = Node | string | null;

/** Makes an element with attributes and children; a `null` attribute or child is left out. */
export type MakeElement = <Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string | number | null>>,
  ...children: readonly Child[]
) => HTMLElementTagNameMap[Tag];

/**
 * The only way the page makes elements: no text ever passes a markup parser, so a spec cannot become code.
 *
 * Self-contained: its source is also embedded in the page.
 *
 * @param visibleText - Applied to every string child.
 */
export function createElements(visibleText: (text: string) => string): MakeElement {
  return (tag, attributes, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value !== null) element.setAttribute(name, String(value));
    }
    for (const child of children) {
      if (child !== null) element.append(typeof child === 'string' ? visibleText(child) : child);
    }
    return element;
  };
}
