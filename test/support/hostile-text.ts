/** Characters that change how text around them is shown or read: one or more of each class. */
export const hostileCharacters: readonly string[] = [
  // Controls, C0 and C1, with those that begin sequences of a terminal.
  ...['\u0000', '\u0007', '\u0008', '\u000b', '\u001b', '\u007f', '\u0085', '\u009b', '\u009d'],
  // Marks of direction.
  ...['\u061c', '\u200e', '\u200f', '\u202a', '\u202b', '\u202c', '\u202d', '\u202e'],
  ...['\u2066', '\u2067', '\u2068', '\u2069'],
  // Without width, or ignored.
  ...[
    '\u00ad',
    '\u034f',
    '\u180e',
    '\u200b',
    '\u200c',
    '\u200d',
    '\u2060',
    '\u2064',
    '\u3164',
    '\ufe00',
    '\ufeff',
  ],
  // Separators of lines, annotations, and tags.
  ...['\u2028', '\u2029', '\ufff9', '\u{1d173}', '\u{e0001}', '\u{e0041}', '\u{e007f}', '\u{e0100}'],
];

/** Any raw one of them, and of their kind; tabs and line breaks are text. */
export const rawControls =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\ufff9-\ufffb\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/u;

/** A text with all of them that a file may be named by. */
export const hostileName = `x${hostileCharacters.filter((character) => character !== '\u0000').join('y')}z`;
