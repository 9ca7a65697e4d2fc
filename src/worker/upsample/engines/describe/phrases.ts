/** Writes the sentence of a template in the language of `phrases`. Slots are templates too, of the clip's own values. */
export type Write = (template: string, slots?: Readonly<Record<string, string>>) => string;

/** Chooses among equally good wordings by the bytes of the seed: the same seed gives the same sentences. */
export function createWriter(seed: Uint8Array): Write {
  let choices = 0;
  const choose = (alternatives: readonly string[]) => {
    const byte = seed[choices++ % seed.length] ?? 0;
    return alternatives[byte % alternatives.length] ?? '';
  };
  const fill = (template: string, slots: Readonly<Record<string, string>>): string =>
    template
      .replace(/\[([^\]]*)\]/g, (_, alternatives: string) => choose(alternatives.split('|')))
      .replace(/<([\w.]+)>/g, (_, name: string) => fill(slots[name] ?? phraseOf(name), slots));
  return (template, slots = {}) => {
    const text = fill(template, slots);
    return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
  };
}

function phraseOf(name: string): string {
  const phrase = phrases[name];
  if (phrase === undefined) throw new RangeError(`no value for <${name}>`);
  return phrase;
}

/**
 * Sentences and parts of them, without the capital and the full stop. `[one|two]` stands for one of its alternatives,
 * `<name>` for another phrase or a value of the clip.
 */
const phrases: Readonly<Record<string, string>> = {
  // How bright the scene is, and where.
  'light.black':
    '[darkness|near darkness|deep shadow] [fills|covers|claims|holds] [most|nearly all] of the [frame|scene]',
  'light.low':
    '[low|dim|subdued], [moody|shadowy|quiet] light [falls across|shapes|settles over] the [frame|scene]',
  'light.balanced':
    '[moderate|balanced|measured] light, neither [dim|dark] nor [harsh|glaring], [fills|shapes|carries] the [frame|scene]',
  'light.bright':
    '[bright|ample|generous], [open|clear|airy] light [fills|opens up|washes over] the [frame|scene]',
  'light.white':
    '[brilliant|very bright|pale] light [floods|fills|washes over] [most|nearly all] of the [frame|scene]',
  'spread.even':
    ', with [little|hardly any|barely any] [falloff|variation] from [edge to edge|corner to corner|side to side]',
  'spread.placed': ', with the [brightest|lightest|clearest] [part|area|patch|passage] <place>',
  'spread.varied':
    ', with [brighter|lighter] and [darker|deeper] [areas|patches|passages] [side by side|in turn|in alternation]',

  // The colours.
  'colour.one':
    '<colour> [covers|fills|takes up|occupies] <part>, [giving it|lending it] a <palette> [palette|look|color scheme]',
  'colour.several':
    '<colour> [leads|anchors|dominates|heads] a <palette> palette, [covering|filling|taking up] <part>, [beside|next to|along with] <accents>',
  'colour.list':
    'a <palette> [palette|color scheme|range of color] [draws on|builds on|relies on|leans on] <colours>',
  neutral: '[plain|spare|quiet|restrained], neutral',
  muted: '[muted|restrained|soft|subdued], <temperature>',
  rich: '[rich|full|saturated|deep], <temperature>',
  vivid: '[vivid|bold|strong|striking], <temperature>',

  // Composition, contrast and detail.
  'crowd.placed':
    'the [shapes|contours|forms] [gather|cluster|crowd] most [densely|closely|tightly] <place>, [leaving|with] [the rest|other areas|everything else] more open',
  'crowd.spread':
    'the [shapes|contours|forms] are [spread|distributed] [evenly|fairly evenly|broadly] [across|over] the [frame|view], [so|and] no [single part|one area] [outweighs|overpowers] the others',
  'contrast.flat': '[very low|minimal|faint] contrast',
  'contrast.soft': '[soft|gentle|mild] contrast',
  'contrast.clear': '[clear|firm|well-defined] contrast',
  'contrast.strong': '[strong|high|pronounced] contrast',
  texture: '<contrast> [meets|goes with|comes with|accompanies] <detail>',
  'detail.smooth': '[smooth|clean|seamless] [surfaces|gradations|transitions]',
  'detail.sparse': '[a few|only a few|a handful of] [crisp|clear|distinct] [edges|outlines|forms]',
  'detail.rich':
    '[fine|clear|crisp] [detail|texture] [in many places|through much of the view|across the view]',
  'detail.dense':
    '[fine|intricate|dense|busy] [detail|texture] [nearly everywhere|in almost every part|over most of the view]',

  // What happens.
  still:
    'the camera [holds still|is steady|does not move], and [hardly anything|almost nothing|very little] [in view|in the frame] [changes|shifts] from [one moment to the next|beginning to end]',
  'still.inFrame':
    '[hardly anything|almost nothing|very little] within the frame [changes|shifts] from [one moment to the next|beginning to end]',
  local:
    '[gentle|slight|quiet] [movement|motion] [plays out|shows|unfolds] <place>, while the rest of the frame [holds still|barely changes|is at rest]',
  'local.strong':
    '[clear|strong|marked|brisk] [movement|motion] [plays out|develops|unfolds] <place>, while the rest of the frame is [calmer|steadier|quieter]',
  broad:
    '[gentle|subtle|slight] [movement|motion] [runs|ripples|plays] within the frame, [touching|reaching] [most|much|many parts] of it',
  'broad.strong':
    '[strong|restless|energetic] [movement|motion] [runs|sweeps|surges] through the [whole|entire] frame, [changing|reshaping|renewing] the view from [moment to moment|one instant to the next]',
  slide:
    'the camera [drifts|glides|eases] [slowly|gently|smoothly] <direction>, [carrying|shifting|sliding] the whole view [along with it|in one smooth move]',
  'slide.strong':
    'the camera [sweeps|travels|swings] [briskly|quickly|firmly] <direction>, [carrying|shifting|sliding] the whole view [along with it|in one broad move]',
  'slide.inFrame':
    'the [whole|entire] [view|picture] [flows|slides|moves] <direction> in [one smooth|one steady|a single] motion',
  brighter:
    'the light [rises|builds|grows] [steadily|gradually|visibly] [during the shot|as the shot goes on], [opening up|lifting|brightening] the [whole|entire] frame',
  'brighter.strong':
    'the light [surges|flares up|jumps] [during|within] the shot, [turning|taking] the [whole|entire] frame from dark to bright',
  darker:
    'the light [falls|fades|sinks] [steadily|gradually|visibly] [during the shot|as the shot goes on], [dimming|darkening] the [whole|entire] frame',
  'darker.strong':
    'the light [drops|plunges|falls] [sharply|steeply] [during|within] the shot, [turning|taking] the [whole|entire] frame from bright to dark',

  // Control videos, blurred videos, and frames of one tone.
  edge: '[clear|precise|clean] [outlines|contours] [define|shape|describe] the [scene|space], with [open|quiet|plain] areas [between|among] them',
  seg: 'the [frame|view|scene] [divides|breaks up|falls] into <areas> [clearly|cleanly|distinctly] [bounded|outlined] areas, each [holding|keeping] its own [place|ground]',
  depth:
    'the [scene|space|view] [opens|unfolds|is staged] in [clear|distinct|readable] planes of depth, [layered|arranged|ordered] from [near to far|foreground to background|front to back]',
  'depth.smooth':
    '[distance|depth] [structures|shapes|orders] the [scene|space|view] from [near to far|foreground to background|front to back] in one [continuous|unbroken|gradual] [sweep|transition|progression]',
  masses:
    '[broad|soft|loose] [masses|patches|fields] of color [lay out|set|map] the [scene|view], leaving [fine detail|outlines and texture|surface detail] to the description',
  plain:
    '<first> [fills|covers|occupies] the frame from [edge to edge|corner to corner|side to side] [as|in] [one|a single] [unbroken|continuous|undivided] field',
  'plain.changing':
    'the [whole|entire] frame [goes|passes|turns] from <first> to <last>, [one|a single] [plain|unbroken|undivided] field at [every|each] moment',

  // How the shot is to be made. Nothing here claims to have been seen.
  'ask.camera':
    'the camera [holds|keeps] the action [clearly|steadily|firmly] in [view|frame], and every [movement|moment|change] is [easy to follow|readable|clear]',
  'ask.pace':
    '[movement|action] [proceeds|develops|unfolds] with [believable|convincing|realistic] weight, [momentum|balance] and timing',
  'ask.fidelity':
    '[light|lighting], [materials|surfaces] and color [follow|match|serve] the described scene [closely|faithfully], while [every form|each shape|every contour] keeps its [place|position] and [proportions|scale]',
  'ask.framing':
    'the framing [keeps|holds] the subject [clear|readable|prominent], with [enough|ample|sufficient] space around it for the action to [develop|unfold]',
  'ask.detail':
    '[surfaces|materials] [carry|show] [fine|believable|natural] [texture|detail], and [perspective|scale] is [coherent|stable|consistent] [in every part of the frame|from foreground to background]',
  'ask.volume':
    '[believable|convincing|coherent] light [gives|lends] every form [weight and volume|solidity and weight|a solid presence], with [textures|materials] [consistent|stable] from [edge to edge|side to side]',
};
