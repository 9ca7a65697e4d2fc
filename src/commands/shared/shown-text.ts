import { withoutStrays } from '../../core/printable.ts';
import { inAscii, showsUnicode } from '../../output/text/terminal-signs.ts';

const isUnicode = showsUnicode(process.env, process.platform);

/** Text for people as this terminal can show it: the one place that decides. */
export function shownText(text: string): string {
  const safe = withoutStrays(text);
  return isUnicode ? safe : inAscii(safe);
}
