import type { Facts, LightPlace } from '../facts.ts';
import type { Template } from './template.ts';

/** How bright the scene is: main clauses, without the full stop. */
export const levelClauses: Record<Facts['lightLevel'], readonly Template[]> = {
  black: [
    '[Darkness|Near darkness|Deep shadow] [fills|covers|claims] [most|nearly all] of the [frame|scene]',
    'The [scene|frame] [sits|rests|lies] in [deep shadow|near darkness|heavy darkness]',
    '[Very|Extremely] little light [reaches|touches|enters] the [scene|frame]',
  ],
  low: [
    '[Low|Dim|Subdued], [moody|shadowy|quiet] light [falls across|shapes|settles over] the [scene|frame]',
    'The [scene|frame] is [lit sparingly|dimly lit|lit in a low key]',
    '[Low-key|Dim|Subdued|Sparse] lighting [sets the tone|shapes the scene|defines the look]',
  ],
  balanced: [
    '[Moderate|Balanced|Measured], [natural|unforced|steady] light [fills|shapes|falls across] the [scene|frame]',
    'A [balanced|moderate|middle] exposure keeps [shadows and highlights|dark and light areas] [readable|in check]',
    'The light is [moderate|balanced|measured], neither [dim|dark] nor [harsh|glaring]',
  ],
  bright: [
    '[Bright|Ample|Generous], [open|clear|airy] light [fills|opens up|washes] the [scene|frame]',
    'The [scene|frame] is [brightly|generously|openly] lit',
    'Light tones [dominate|prevail in|carry] the [frame|scene]',
  ],
  white: [
    '[Very bright|Brilliant|High-key] light [floods|fills|washes over] the [scene|frame]',
    'The [scene|frame] is [held|kept|set] in a [bright|pale|clean] high key',
    '[Pale|Very light] tones [fill|cover|take over] [nearly all|almost all] of the [frame|scene]',
  ],
};

/** Where the light sits: tails that follow any of the clauses above. */
export const placeTails: Record<LightPlace['kind'] | 'glow' | 'glowSpot', readonly Template[]> = {
  even: [
    ', with [little|hardly any|barely any] [falloff|variation] from [edge to edge|corner to corner|side to side]',
    ', with no part [much|clearly|noticeably] brighter than the rest',
  ],
  side: [
    ', with a [gentle|steady|gradual] falloff from the <side> [to|toward] the <opposite>',
    ', [brightest|lightest] along the <side> and [darker|deeper] toward the <opposite>',
  ],
  zone: [
    ', [brightest|lightest] <zone>',
    ', with the [brightest|lightest] [area|passage|patch|part] <zone>',
    ', with the [clearest|fullest] light <zone>',
  ],
  glow: [
    ', [broken|pierced|relieved] only by [small|scattered|tiny] points of <glow> light',
    ', with [small|scattered|tiny] [points|flecks|spots] of <glow> light [standing out|shining through|scattered across it]',
  ],
  glowSpot: [
    ', [broken|pierced|relieved] only by a [small|little] [patch|spot|touch] of <glow> light <zone>',
    ', with a [small|little] [patch|spot|touch] of <glow> light [standing out|shining] <zone>',
  ],
};

/** How shadows and highlights share the frame; parts below a fiftieth are none. */
export const toneSentences: Record<
  'both' | 'equal' | 'shadows' | 'highlights' | 'midtones',
  readonly Template[]
> = {
  both: [
    'Shadows [take up|cover|fill] <shadowPart>, while highlights [take|claim|occupy] <highlightPart>.',
    '[Dark|Shadowed] areas [take up|cover|fill] <shadowPart>, [set against|balanced by] [bright|light] areas over <highlightPart>.',
  ],
  equal: [
    '[Shadows and highlights|Dark and bright areas|Deep shadows and bright highlights] each [take up|cover|fill] <shadowPart>, [with|leaving] [the rest|everything else] [in between|in the midtones].',
  ],
  shadows: [
    '[Shadow|Deep shadow] [covers|fills|claims] <shadowPart>, and [hardly anything|almost nothing] [reaches|comes near] full brightness.',
    '[Dark areas|Shadows] [take up|cover|fill] <shadowPart>, without [strong|bright|hard] highlights.',
  ],
  highlights: [
    '[Highlights|Bright areas] [take up|cover|fill] <highlightPart1>, with [hardly any|next to no] [deep shadow|true black].',
    '[Highlights|Bright areas] [take up|cover|fill] <highlightPart1>, and shadows are [light|shallow|pale].',
  ],
  midtones: [
    'Midtones [carry|make up] [nearly all|almost all] of the frame, with [next to no|hardly any] [deep shadow|true black] or [bright highlight|pure white].',
  ],
};

/** Contrast and detail in one breath. */
export const textureSentences: readonly Template[] = [
  '<Contrast> [meets|goes with|comes with] <detail>.',
  'The [picture|frame|image] [pairs|combines|joins] <contrast> with <detail>.',
  '<Contrast> and <detail> [define|shape|give character to] the [picture|frame].',
];

export const contrastWords: Record<Facts['contrast'], readonly Template[]> = {
  flat: ['[very low|minimal|barely visible] contrast'],
  soft: ['[soft|gentle|mild] contrast'],
  clear: ['[clear|firm|well-defined] contrast'],
  strong: ['[strong|high|pronounced] contrast'],
};

export const detailWords: Record<Facts['detail'], readonly Template[]> = {
  smooth: ['[smooth|clean|seamless] [surfaces|gradations|transitions]'],
  sparse: [
    '[a few|only a few|a handful of] [crisp|clear|distinct] edges',
    '[sparse|restrained|sparing] detail',
  ],
  rich: ['[fine|clear|crisp] [detail|texture] [in many places|through much of the view|across the view]'],
  dense: [
    '[fine|intricate|dense|busy] [detail|texture] [nearly everywhere|in almost every part|over most of the view]',
  ],
};
