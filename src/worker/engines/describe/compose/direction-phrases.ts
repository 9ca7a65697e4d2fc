import type { Template } from './template.ts';

/**
 * Direction, as opposed to observation: how the shot is to be made. Nothing here claims to have seen anything, so
 * it serves text-only prompts and control videos, whose light and color are not the scene's.
 */
export const directionSentences = {
  camera: [
    'The camera [holds|keeps] the action [clearly|steadily|firmly] in [view|frame], and every [movement|moment|change] is [easy to follow|readable|clear] from [start to finish|beginning to end].',
  ],
  light: [
    'Lighting is [believable|motivated|coherent] and consistent, with [soft|gentle|gradual] transitions between [light and shadow|bright and dark areas].',
  ],
  framing: [
    'The [framing|composition] [keeps|holds] the subject [clear|readable|prominent], with [enough|ample|sufficient] space around it for the action to [develop|unfold].',
  ],
  colour: [
    'Color [follows|serves|matches] the [description|described scene] [faithfully|closely|honestly], without [exaggeration|excess|artificial saturation].',
  ],
  pace: [
    '[Movement|Action] [proceeds|develops|unfolds] at a [measured|steady|controlled] pace, with [believable|convincing|realistic] weight, [momentum|balance] and timing.',
  ],
  detail: [
    '[Surfaces|Materials] [carry|show] [fine|believable|natural] [texture|detail], and [perspective|scale] is [coherent|stable|consistent] [throughout|in every part of the frame].',
  ],
  mood: [
    'The [mood|atmosphere|tone] [grows out of|follows|comes from] the [described scene|description] itself, [clear|plain|direct] and [cinematic|unforced|sincere].',
  ],
  fidelity: [
    '[Light|Lighting], [materials|surfaces] and color [follow|match|serve] the described scene [closely|faithfully], while [every form|each shape|every contour] keeps its [place|position] and [proportions|scale].',
  ],
  volume: [
    '[Believable|Convincing|Coherent] light [gives|lends] every form [weight and volume|solidity and weight|a solid presence], with [textures|materials] [consistent|stable] from [start to finish|beginning to end].',
  ],
} as const satisfies Record<string, readonly Template[]>;
