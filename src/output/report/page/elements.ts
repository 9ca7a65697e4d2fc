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

interface Failure {
  readonly code: string;
  readonly message: string;
  readonly next_step: string;
}

/** A failure with its code, what happened, and the next step. */
export function failureParagraphs({ code, message, next_step: nextStep }: Failure): HTMLElement[] {
  return [
    el('p', { class: 'failure' }, el('code', {}, code), ' ', el('span', { dir: 'auto' }, message)),
    el('p', { class: 'next-step' }, el('b', {}, 'Next: '), el('span', { dir: 'auto' }, nextStep)),
  ];
}

/** Terms with their values; those without a value are left out. */
export function factList(entries: Readonly<Record<string, string | Node | null>>): HTMLElement {
  const rows = Object.entries(entries).map(([term, value]) =>
    value ? el('div', {}, el('dt', {}, term), el('dd', {}, el('bdi', {}, value))) : null,
  );
  return el('dl', { class: 'fact-list' }, ...rows);
}
