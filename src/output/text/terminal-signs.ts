/** The signs of this program's own texts, each in one column: what is set in columns stays so. */
const plainSigns: Readonly<Record<string, string>> = {
  '✓': '+',
  '✗': 'x',
  '✕': 'x',
  '→': '>',
  '█': '#',
  '▓': '=',
  '░': '.',
  '·': '|',
  '—': '-',
  '–': '-',
  '×': 'x',
  '“': '"',
  '”': '"',
  '’': "'",
  '\u00a0': ' ',
};

/**
 * Whether a terminal shows more than ASCII: the locale says so, and where it says nothing, every current terminal does, except
 * the old console of Windows.
 */
export function showsUnicode(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): boolean {
  if (platform === 'win32')
    return Boolean(env['WT_SESSION'] || env['TERM_PROGRAM'] || env['ConEmuTask'] || env['TERM']);
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '';
  return locale === '' || /utf-?8/i.test(locale);
}

/** The text with this program's own signs in ASCII; names that come from elsewhere stay as they are. */
export function inAscii(text: string): string {
  return text
    .replaceAll(/…(?=\s|$)/gm, '...')
    .replaceAll(/[✓✗✕→█▓░·—–×“”’\u00a0]/g, (sign) => plainSigns[sign] ?? sign)
    .replaceAll('…', '~');
}
