import { chromaOf, type Lab, toOklab } from './oklab.ts';

/** A color word, and the group of words that would sound like a repetition beside it. */
export interface ColourName {
  readonly name: string;
  readonly family: string;
}

/**
 * The word for a color: the nearest of about fifty named samples in OKLab. Lightness counts for less than hue,
 * because people forgive "blue" a wrong brightness sooner than a wrong hue.
 */
export function nameColour(lab: Lab): ColourName {
  let nearest: ColourName = gray;
  let best = Number.POSITIVE_INFINITY;
  const candidates = chromaOf(lab) < neutralChroma ? neutralSamples : samples;
  for (const sample of candidates) {
    const dLight = lightWeight * (lab.light - sample.lab.light);
    const da = lab.a - sample.lab.a;
    const db = lab.b - sample.lab.b;
    const distance = dLight * dLight + da * da + db * db;
    if (distance < best) {
      best = distance;
      nearest = sample;
    }
  }
  return nearest;
}

const lightWeight = 0.6;
/** Below this chroma a gray is a gray, however near a tinted sample lies. */
const neutralChroma = 0.02;
const gray: ColourName = { name: 'gray', family: 'gray' };

/** Name, family, sRGB sample. A name may have several samples. */
const namedSamples: ReadonlyArray<readonly [name: string, family: string, rgb: number]> = [
  ['black', 'black', 0x000000],
  ['black', 'black', 0x141416],
  ['charcoal', 'gray', 0x333437],
  ['dark gray', 'gray', 0x575757],
  ['gray', 'gray', 0x808080],
  ['gray', 'gray', 0x989898],
  ['light gray', 'gray', 0xb8b8b8],
  ['off-white', 'white', 0xe4e3df],
  ['white', 'white', 0xffffff],
  ['slate gray', 'slate', 0x5f6f82],
  ['steel blue', 'slate', 0x8296ac],
  ['taupe', 'brown', 0x857668],
  ['dark brown', 'brown', 0x3b2618],
  ['brown', 'brown', 0x6e4524],
  ['tan', 'beige', 0xc2a47c],
  ['beige', 'beige', 0xdccbac],
  ['cream', 'beige', 0xf6ecd0],
  ['maroon', 'red', 0x5c0f14],
  ['crimson', 'red', 0xa81530],
  ['red', 'red', 0xd81e1e],
  ['red', 'red', 0xff0000],
  ['rust', 'orange', 0x9c4420],
  ['terracotta', 'orange', 0xc4694a],
  ['coral', 'orange', 0xf58468],
  ['peach', 'orange', 0xf8c4a0],
  ['orange', 'orange', 0xf58a1e],
  ['orange', 'orange', 0xff6a00],
  ['amber', 'gold', 0xd99a1c],
  ['ochre', 'gold', 0xa87c28],
  ['gold', 'gold', 0xe8c030],
  ['yellow', 'yellow', 0xffff00],
  ['yellow', 'yellow', 0xf0dc3c],
  ['pale yellow', 'yellow', 0xf8f2a4],
  ['olive', 'olive', 0x5c5a22],
  ['moss green', 'olive', 0x7c8a3c],
  ['lime green', 'green', 0xa0e020],
  ['bright green', 'green', 0x00ff00],
  ['green', 'green', 0x2e9a3c],
  ['dark green', 'green', 0x143c1e],
  ['sage green', 'green', 0x9cae90],
  ['mint green', 'green', 0xa4e8bc],
  ['teal', 'teal', 0x126e70],
  ['turquoise', 'teal', 0x3cc8bc],
  ['cyan', 'cyan', 0x00ffff],
  ['pale cyan', 'cyan', 0xb4eaf0],
  ['sky blue', 'blue', 0x78b8ec],
  ['pale blue', 'blue', 0xc0d6f0],
  ['azure', 'blue', 0x1e84e0],
  ['blue', 'blue', 0x2450c8],
  ['blue', 'blue', 0x0000ff],
  ['deep blue', 'blue', 0x1e3a8a],
  ['navy', 'blue', 0x101c4c],
  ['midnight blue', 'blue', 0x14202e],
  ['indigo', 'purple', 0x38188c],
  ['violet', 'purple', 0x7a3cd8],
  ['purple', 'purple', 0x7a1e8a],
  ['deep purple', 'purple', 0x2e103c],
  ['lavender', 'purple', 0xbca8e4],
  ['plum', 'purple', 0x6e3458],
  ['magenta', 'pink', 0xff00ff],
  ['magenta', 'pink', 0xc81e96],
  ['hot pink', 'pink', 0xf850a0],
  ['pink', 'pink', 0xf4a4bc],
  ['dusty rose', 'pink', 0xbc8080],
];

const samples = namedSamples.map(([name, family, rgb]) => ({
  name,
  family,
  lab: toOklab((rgb >> 16) & 255, (rgb >> 8) & 255, rgb & 255),
}));

const neutralSamples = samples.filter(({ family }) => ['black', 'gray', 'white'].includes(family));
