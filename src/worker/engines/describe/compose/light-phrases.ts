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
    '[Low|Dim|Subdued], [moody|shadowy|quiet] light [holds|shapes|settles over] the [scene|frame]',
    'The [scene|frame] is [lit sparingly|kept dim|held in low light|lit in a low key]',
    '[Low-key|Dim|Subdued|Sparse] lighting [sets the tone|shapes the scene|defines the look]',
  ],
  balanced: [
    '[Moderate|Balanced|Measured], [natural|unforced|steady] light [fills|shapes|carries] the [scene|frame]',
    'The [exposure|lighting] [sits|stays|remains] in the [middle range|midrange]',
    'The [scene|frame] is [lit|exposed] at a [moderate|comfortable|middle] level',
  ],
  bright: [
    '[Bright|Ample|Generous], [open|clear|airy] light [fills|opens up|carries] the [scene|frame]',
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
export const placeTails: Record<LightPlace['kind'], readonly Template[]> = {
  even: [
    ', with [little|hardly any|barely any] [falloff|variation|difference] from [edge to edge|corner to corner|side to side]',
    ', with [the tones|its tones|all tones] [spread|distributed|laid out] evenly from [edge to edge|side to side|corner to corner]',
  ],
  side: [
    ', with a [gentle|steady|gradual] falloff from the <side> [to|toward] the <opposite>',
    ', with the [brightest|lightest] tones along the <side> and [darker ones|deeper ones|a slow falloff] toward the <opposite>',
  ],
  zone: [
    ', with the [brightest|lightest] [area|passage|patch|part] <zone>',
    ', and the [strongest|clearest|fullest] light [sits|gathers|falls|lands] <zone>',
  ],
};

/** How shadows and highlights share the frame. */
export const toneSentences: readonly Template[] = [
  'Shadows [take up|occupy|hold] <shadowPart>, while highlights [take up|occupy|hold] <highlightPart>.',
  '[Dark|Shadowed] areas [take up|occupy|hold] <shadowPart>, and [bright|light] areas [take up|occupy|hold] <highlightPart>.',
];

/** The same where both have as much. */
export const equalToneSentences: readonly Template[] = [
  '[Shadows and highlights|Dark and bright areas|Deep shadows and bright highlights] each [take up|occupy|hold] <shadowPart>, [with|leaving] [the rest|everything else] [in between|in the midtones].',
];

/** The same where there are neither shadows nor highlights. */
export const midtoneSentences: readonly Template[] = [
  'Midtones [carry|hold|make up] [nearly all|almost all] of the [frame|picture], with [almost no|hardly any] [deep shadow|true black] or [bright highlight|pure white].',
];

/** Contrast: first halves of a sentence. */
export const contrastClauses: Record<Facts['contrast'], readonly Template[]> = {
  flat: ['[Tones|Values|Brightness levels] [stay|sit|remain] [close together|within a narrow range]'],
  soft: ['[Contrast|Tonal contrast] [is|stays|remains] [soft|gentle|mild]'],
  clear: ['[Contrast|Tonal contrast] [is|stays|remains] [clear|firm|well defined]'],
  strong: ['[Contrast|Tonal contrast] [is|stays|remains] [strong|high|pronounced]'],
};

/** Detail: second halves. */
export const detailClauses: Record<Facts['detail'], readonly Template[]> = {
  smooth: [
    '[, and|, while] [surfaces|transitions|gradations] [read as|remain|look] [smooth|clean|unbroken].',
    '[, and|, while] [surfaces|transitions|gradations] [show|carry] [hardly any|very little|almost no] texture.',
  ],
  sparse: [
    '[, and|, while] [detail|texture|fine detail] [is sparse|stays sparse|is held back|stays restrained].',
    '[, and|, while] [a few|only a few|some] [crisp|clear|distinct] edges [stand out|interrupt smoother areas|carry the detail].',
  ],
  rich: [
    '[, and|, while] [fine|clear|crisp] [detail|texture] [appears|shows|emerges] [in many places|through much of the frame|across the picture].',
  ],
  dense: [
    '[, and|, while] [fine|intricate|dense|busy] [detail|texture] [fills|covers|runs through] [nearly every part|most|almost all] of the [frame|picture].',
  ],
};
