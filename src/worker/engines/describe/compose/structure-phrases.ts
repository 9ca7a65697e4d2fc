import type { Facts } from '../facts.ts';
import type { Template } from './template.ts';

/** Where the visual weight lies: clauses without the full stop. */
export const focusClauses: Record<'zone' | 'spread', readonly Template[]> = {
  zone: [
    '[Visual weight|The visual weight] [gathers|sits|collects|rests] <zone>',
    'The composition [draws|pulls|leads] the eye to the [detail|edges|forms] <zone>',
    'The [sharpest|strongest|clearest] [edges|outlines|contours] [gather|cluster|collect] <zone>',
  ],
  spread: [
    'The composition [spreads|distributes|shares] its weight [evenly|broadly|fairly evenly] [across|over] the [frame|picture]',
    'Visual weight is [spread|shared|distributed] [evenly|broadly|fairly evenly] [across|over] the [frame|picture]',
    'All parts of the [frame|picture] [carry|hold|have] [equal|similar|much the same] [weight|importance]',
  ],
};

/** Large lines: tails that follow any of the clauses above. */
export const lineTails: Record<Facts['lines'], readonly Template[]> = {
  none: [
    '',
    ', with no [single|hard|long] line [dominating|dividing|crossing] the [space|view]',
    ', and no [long|hard|straight] line [divides|splits|crosses] the [space|view]',
  ],
  horizon: [
    ', with a [clear|strong|firm] horizontal line [crossing|dividing|spanning] the [view|space] <height>',
  ],
  bands: [
    ', with [clear|strong|firm] horizontal [bands|lines|edges] [stacking|ordering|layering] the [view|space]',
  ],
  upright: [', with a [clear|strong|firm] vertical line [dividing|parting|splitting] the [view|space]'],
  uprights: [
    ', with [clear|strong|repeated] vertical [lines|edges] [ordering|dividing|structuring] the [view|space]',
  ],
  grid: [
    ', with [horizontal and vertical|crossing] lines [forming|building|tracing] a [clear|firm|loose] grid',
  ],
  mirror: [', with the left and right [halves|sides] [mirroring|echoing|reflecting] each other'],
};

/** Large lines as sentences of their own, where the visual weight has been told already. */
export const lineSentences: Record<Facts['lines'], readonly Template[]> = {
  none: [
    'No [single|hard|long] line [dominates|divides|crosses] the [view|picture], which is open [on all sides|in every direction].',
  ],
  horizon: [
    'A [clear|strong|firm] horizontal line [crosses|divides|spans] the [view|picture] <height> and [steadies|anchors|grounds] the composition.',
  ],
  bands: [
    '[Clear|Strong|Firm] horizontal [bands|lines|edges] [stack|order|layer] the [view|picture] from [top to bottom|bottom to top].',
  ],
  upright: [
    'A [clear|strong|firm] vertical line [divides|parts|splits] the [view|picture] and [steadies|anchors|holds] the composition.',
  ],
  uprights: [
    '[Clear|Strong|Repeated] vertical [lines|edges] [order|divide|structure] the [view|picture] from [side to side|left to right].',
  ],
  grid: [
    '[Crossing|Horizontal and vertical] lines [form|build|trace] a [clear|firm|loose] grid across the [view|picture].',
  ],
  mirror: [
    'The left and right [halves|sides] [mirror|echo|reflect] each other and [steady|balance|settle] the [composition|view].',
  ],
};

/** Depth maps: layers, then where distance breaks. */
export const depthSentences: readonly Template[] = [
  'The [scene|space|view] [opens|unfolds|is staged] in [clear|distinct|readable] planes of depth, [layered|arranged|ordered] from [near to far|foreground to background|front to back].',
  '[Distance|Depth] [organizes|structures|shapes] the [scene|space|view], [with|setting] [near and far|foreground and background] [clearly|cleanly|plainly] apart.',
];
export const depthSlopeSentences: readonly Template[] = [
  '[Distance|Depth] [organizes|structures|shapes] the [scene|space|view] from [near to far|foreground to background|front to back].',
];
export const depthBreakSentences: Record<'zone' | 'spread' | 'smooth', readonly Template[]> = {
  zone: [
    'The [sharpest|strongest|clearest] [breaks|steps] in distance [lie|fall|occur] <zone>, where [forms|shapes] [separate|stand out|detach] [cleanly|clearly] from what lies behind.',
  ],
  spread: [
    '[Forms|Shapes] [separate|stand apart|detach] [cleanly|clearly] from [one another|their surroundings], with [steps|breaks] in distance spread [across|over] the [whole view|whole frame].',
  ],
  smooth: [
    'The [transition|change|slope] is [gradual|smooth|gentle], [with no|without any] sharp breaks, [so|and] the space [reads as|forms|becomes] one [continuous|unbroken] [sweep|surface].',
  ],
};

/** Edge maps: outlines, then where they crowd. */
export const edgeSentences: readonly Template[] = [
  '[Clear|Precise|Clean] [outlines|contours] [define|shape|describe] the [scene|space], with [open|quiet|plain] areas [between|among] them.',
  'The [scene|space|view] is [drawn|defined|carried] by [clear|precise|clean] [outlines|contours] and the [open|quiet|plain] areas [between|among] them.',
];
export const edgeDensitySentences: Record<'zone' | 'spread', readonly Template[]> = {
  zone: [
    'The [lines|contours|shapes] [gather|cluster|crowd] most [densely|closely|tightly] <zone>, [leaving|with] [the rest|other areas|everything else] more open.',
  ],
  spread: [
    'The [lines|contours|shapes] are [spread|distributed] [evenly|fairly evenly|broadly] [across|over] the [frame|view], [so|and] no [single part|one area] [outweighs|overpowers] the others.',
  ],
};

/** Segmentation maps: areas, then the largest. */
export const regionSentences: readonly Template[] = [
  'The [frame|view|scene] [divides|separates|falls] into <areas> [clearly|cleanly|sharply] bounded areas, each [holding|keeping] its own [place|ground].',
  '<Areas> [clearly|cleanly|sharply] bounded areas [make up|build|compose] the [frame|view|scene], each [holding|keeping] its own [place|ground].',
];
export const largestRegionSentences: readonly Template[] = [
  'The largest [of them|area|one] [takes up|covers|fills] <areaPart>[|, and the borders are crisp|, and all borders are clean|, with sharp borders between them].',
];

/** The same where the borders are not that clear. */
export const softRegionSentences: readonly Template[] = [
  'The [frame|view|scene] [divides|separates|falls] into <areas> areas, [shading|merging|blending] [softly|gradually] into [one another|each other].',
];
export const largestSoftRegionSentences: readonly Template[] = [
  'The largest [of them|area|one] [takes up|covers|fills] <areaPart>.',
];

/** Blurred footage: what its color patches say, and what they leave open. */
export const massSentences: readonly Template[] = [
  '[Broad|Soft|Loose] [masses|patches|fields] of color [lay out|set|map] the [scene|view], [leaving|with] [fine detail|outlines and texture|surface detail] to the description.',
  '[Shapes|Forms] [read as|appear as] [broad|soft|loose] [masses|patches|fields] of color, [leaving|with] [fine detail|outlines and texture|surface detail] to the description.',
];

/** Frames of one tone. */
export const blankSentences: readonly Template[] = [
  '<C1> [fills|covers|occupies] the frame from [edge to edge|corner to corner|side to side] [as|in] [one|a single] [unbroken|continuous|undivided] field.',
];
export const blankChangeSentences: readonly Template[] = [
  'The [whole|entire] frame [goes|passes|turns] from <first> to <last>, [one|a single] [plain|unbroken|undivided] field at [every moment|each moment].',
];
export const blankTextureSentences: readonly Template[] = [
  'No [line|edge|contour], [shape|form|figure] or texture [interrupts|breaks|disturbs] the field, and [tone|brightness|color] [hardly|barely|scarcely] varies from [top to bottom|one corner to another].',
];
export const blankRoomSentences: readonly Template[] = [
  'The [emptiness|plain field|open field] leaves [full|ample|complete] room for the described [action|subject|scene] to [take shape|unfold|emerge].',
];
