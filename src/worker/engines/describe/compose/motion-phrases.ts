import type { Template } from './template.ts';

/** What moves, with `gentle` and `strong` wordings where strength was measured. */
export const motionSentences = {
  still: [
    'The camera [holds still|is steady|does not move], and [hardly anything|almost nothing|very little] [in view|in the frame] [changes|shifts] from [one moment to the next|beginning to end].',
  ],
  localGentle: [
    '[Gentle|Slight|Quiet] [movement|motion] [plays out|shows|unfolds] <zone>, while the rest of the frame [holds still|barely changes|is at rest].',
    '[Most|Much] of the frame is [at rest|steady|calm], with [gentle|slight|quiet] [movement|motion] <zone>.',
  ],
  localStrong: [
    '[Clear|Strong|Marked|Brisk] [movement|motion] [develops|plays out|unfolds] <zone>, while the rest of the frame is [calmer|steadier|quieter].',
    'The [action|strongest movement] [happens|lies|unfolds] <zone>, [brisk|clear|lively] against a [calmer|steadier|quieter] frame.',
  ],
  scattered: [
    '[Small|Brief|Local] [movements|changes] [flicker|appear|occur] in [several|a number of] places, while most of the frame [holds still|barely changes|is at rest].',
  ],
  broadGentle: [
    '[Gentle|Subtle|Slight] [movement|motion] [runs|ripples|plays] within the frame, [touching|reaching|carrying through] [most|much|many parts] of it [from moment to moment|without any sudden jump].',
  ],
  broadStrong: [
    '[Strong|Restless|Energetic] [movement|motion] [runs|sweeps|surges] through the [whole|entire] frame, [changing|reshaping|renewing] the view from [moment to moment|one instant to the next].',
  ],
  travelGentle: [
    'The camera [drifts|glides|eases] [slowly|gently|smoothly] <direction>, [carrying|shifting|sliding] the whole view [along with it|in one smooth move|in a single motion].',
  ],
  travelStrong: [
    'The camera [sweeps|travels|swings] [briskly|quickly|firmly] <direction>, [carrying|shifting|sliding] the whole view [along with it|in one broad move|in a single motion].',
  ],
  brighter: [
    'The light [rises|builds|grows] [steadily|gradually|visibly] [during the shot|as the shot goes on|over the shot], [opening up|lifting|brightening] the [whole|entire] frame.',
  ],
  darker: [
    'The light [falls|fades|sinks] [steadily|gradually|visibly] [during the shot|as the shot goes on|over the shot], [dimming|darkening] the [whole|entire] frame.',
  ],
  brighterStrong: [
    'The light [surges|flares up|jumps] [during the shot|within the shot], [turning|taking] the [whole|entire] frame from dark to bright.',
  ],
  darkerStrong: [
    'The light [drops|plunges|falls] [sharply|steeply] [during the shot|within the shot], [turning|taking] the [whole|entire] frame from bright to dark.',
  ],
} as const satisfies Record<string, readonly Template[]>;

/** The same for prompts that speak of the camera themselves: what the frame shows, whoever causes it. */
export const motionInFrameSentences = {
  still: [
    '[Hardly anything|Almost nothing|Very little] within the frame [changes|shifts] from [one moment to the next|beginning to end].',
  ],
  travel: [
    'The [whole|entire] [view|picture] [flows|slides|moves] <flow> in [one smooth|one steady|a single] motion.',
  ],
} as const satisfies Record<string, readonly Template[]>;
