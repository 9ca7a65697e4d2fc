import type { Choose } from './chooser.ts';

/**
 * A phrase with choices: `[one|two]` stands for one of its alternatives, `<slot>` for a value of the clip. Neither
 * nests. Only the project's own tables are read this way, never a user's words.
 */
export type Template = string;

/** What the slots of a template stand for. */
export type Slots = Readonly<Record<string, string>>;

/** Picks one template and each of its alternatives, and fills the slots. */
export function fill(templates: readonly Template[], slots: Slots, choose: Choose): string {
  const template = templates[choose(templates.length)] ?? '';
  return template
    .replace(choicePattern, (_, choices: string) => pick(choices.split('|'), choose))
    .replace(slotPattern, (_, name: string) => slotValue(slots, name));
}

/** Every text a template can become; for tests, which read them all. */
export function expandAll(template: Template, slots: Slots): string[] {
  const match = /\[([^\]]*)\]/.exec(template);
  if (!match) return [template.replace(slotPattern, (_, name: string) => slotValue(slots, name))];
  const [choice, inner = ''] = match;
  return inner.split('|').flatMap((one) =>
    expandAll(
      template.replace(choice, () => one),
      slots,
    ),
  );
}

const choicePattern = /\[([^\]]*)\]/g;
const slotPattern = /<(\w+)>/g;

function pick(choices: readonly string[], choose: Choose): string {
  return choices[choose(choices.length)] ?? '';
}

function slotValue(slots: Slots, name: string): string {
  const value = slots[name];
  if (value === undefined) throw new RangeError(`no value for <${name}>`);
  return value;
}
