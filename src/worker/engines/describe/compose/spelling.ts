import type { PromptClaims } from './prompt-claims.ts';

/** Spells measured words, which the tables hold in American spelling, as the prompt spells its own. */
export function spell(text: string, spelling: PromptClaims['spelling']): string {
  if (spelling === 'american') return text;
  return britishForms.reduce((spelled, [american, british]) => spelled.replace(american, british), text);
}

const britishForms: ReadonlyArray<readonly [american: RegExp, british: string]> = [
  [/\b([Cc])olor/g, '$1olour'],
  [/\bcenter/g, 'centre'],
  [/\b([Gg])ray/g, '$1rey'],
  [/\borganize/g, 'organise'],
  [/\btoward\b/g, 'towards'],
];
