import { z } from 'zod';
import { onOneLine, withoutHidden } from '../printable.ts';

/** What a model writes as an escape, such as a mark that turns a line around, is a character by now. */
const text = z.string().overwrite((words) => withoutHidden(words));

const span = z
  .string()
  .refine((time) => /^\d+:\d\d(?:\.\d+)?-\d+:\d\d(?:\.\d+)?$/.test(time), 'must be M:SS-M:SS');

/** What the model writes of a prompt for Cosmos 3. What is known of the video is no part of it. */
const answerSchema = z.object({
  subjects: z.array(
    z.object({
      ...{ description: text, appearance_details: text, relationship: text, location: text, pose: text },
      ...{ action: text, state_changes: text, number_of_subjects: z.int() },
    }),
  ),
  background_setting: text,
  lighting: z.object({ conditions: text, direction: text, shadows: text, illumination_effect: text }),
  aesthetics: z.object({ composition: text, color_scheme: text, mood_atmosphere: text, patterns: text }),
  cinematography: z.object({
    ...{ camera_motion: text, framing: text, camera_angle: text },
    ...{ depth_of_field: text, focus: text, lens_focal_length: text },
  }),
  style_medium: text,
  artistic_style: text,
  context: text,
  actions: z.array(z.object({ time: span, description: text })),
  text_and_signage_elements: z.array(text),
  segments: z.array(
    z.object({
      ...{ segment_index: z.int(), time_range: span, description: text },
      ...{ key_changes: text, camera: text },
    }),
  ),
  transitions: z.array(text),
  temporal_caption: text.refine((caption) => caption.trim() !== '', 'must not be empty'),
  audio_description: text,
});

/** What is known of the video, and never left to a model. */
export const cosmos3FactsSchema = z.object({
  resolution: z.object({ H: z.int().min(1), W: z.int().min(1) }),
  aspect_ratio: z.string(),
  duration: z.string(),
  fps: z.number(),
});

/** A whole prompt. */
export const cosmos3PromptSchema = z.strictObject({ ...answerSchema.shape, ...cosmos3FactsSchema.shape });

export type Cosmos3Facts = z.infer<typeof cosmos3FactsSchema>;

/** What is made where no video says otherwise: 720p, with as many frames as the model makes at once. */
const usualVideo = { width: 1280, height: 720, frames: 121 };

const ratios = ['16,9', '4,3', '1,1', '3,4', '9,16'];

/** The schema as servers take it: every key required, no other one allowed. */
export function cosmos3JsonSchema(): object {
  const { $schema: _draft, ...schema } = z.toJSONSchema(answerSchema, {
    io: 'output',
    // The range of a double is no help to a grammar.
    override: ({ jsonSchema }) => {
      delete jsonSchema.minimum;
      delete jsonSchema.maximum;
    },
  });
  return schema;
}

/**
 * What is known of the video of a spec.
 *
 * @param video - As it was probed; null for none, and then the video is one of `fps` frames a second.
 */
export function cosmos3FactsOf(
  video: {
    readonly width: number;
    readonly height: number;
    readonly duration_seconds: number;
    readonly frame_rate: number;
  } | null,
  fps: number,
): { readonly facts: Cosmos3Facts; readonly durationSeconds: number } {
  const { width, height } = video ?? usualVideo;
  const rate = video && video.frame_rate > 0 ? video.frame_rate : fps;
  const durationSeconds = Math.max(1, Math.round(video?.duration_seconds ?? usualVideo.frames / fps));
  const facts = {
    resolution: { H: height, W: width },
    aspect_ratio: nearestRatio(width / height),
    duration: `${durationSeconds}s`,
    fps: Math.round(rate * 100) / 100,
  };
  return { facts, durationSeconds };
}

/** The ratio of those that the model makes that is nearest to this one, as it writes them. */
export function nearestRatio(ratio: number): string {
  const distance = (text: string) => {
    const [width = 1, height = 1] = text.split(',').map(Number);
    return Math.abs(Math.log(width / height / ratio));
  };
  return ratios.reduce((best, text) => (distance(text) < distance(best) ? text : best));
}

type ReadAnswer =
  | { readonly isValid: true; readonly text: string; readonly words: string }
  | { readonly isValid: false; readonly reason: string };

const issuesShown = 6;

/**
 * Reads a model's answer as the part of a prompt that models write.
 *
 * @returns `text` as compact JSON without anything else, and all that is said in it as `words`; or what is wrong, for the
 * model and for people.
 */
export function readCosmos3Answer(answer: string): ReadAnswer {
  const found = findObject(answer);
  if (!found.isFound) return { isValid: false, reason: found.reason };
  const parsed = answerSchema.safeParse(found.value);
  if (parsed.success)
    return { isValid: true, text: JSON.stringify(parsed.data), words: textsIn(parsed.data).join(' ') };
  const issues = parsed.error.issues.map(({ path, message }) => {
    const expected = message.replace(
      /^Invalid input: expected (\w+), received undefined$/,
      'is missing ($1)',
    );
    return `${path.join('.') || 'the object'} ${expected.replace(/^Invalid input: expected/, 'must be')}`;
  });
  const more = issues.length > issuesShown ? `, and ${issues.length - issuesShown} more` : '';
  return { isValid: false, reason: issues.slice(0, issuesShown).join('; ') + more };
}

/** The whole prompt: what the model wrote and what is known, in ASCII as the model was trained. */
export function writeCosmos3Prompt(answer: string, facts: Cosmos3Facts): string {
  const json = JSON.stringify({ ...answerSchema.parse(JSON.parse(answer)), ...facts });
  return json.replaceAll(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A prompt that is one of Cosmos 3; null for any other text. */
export function parseCosmos3Prompt(prompt: string): z.infer<typeof cosmos3PromptSchema> | null {
  if (!prompt.startsWith('{')) return null;
  const found = findObject(prompt);
  const parsed = found.isFound ? cosmos3PromptSchema.safeParse(found.value) : null;
  return parsed?.success ? parsed.data : null;
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

type FoundObject =
  | { readonly isFound: true; readonly value: object }
  | { readonly isFound: false; readonly reason: string };

/** Braces before the object, such as those of a sentence that quotes one. */
const mostBeginnings = 20;

/** The largest JSON object in a text: a fence, or a sentence before and after it, is no part of it. */
function findObject(answer: string): FoundObject {
  let reason = 'it holds no JSON object';
  let at = answer.indexOf('{');
  for (let tried = 0; at >= 0 && tried < mostBeginnings; tried += 1) {
    const json = objectAt(answer, at);
    if (json === null) return { isFound: false, reason: 'the JSON object is not closed' };
    try {
      return { isFound: true, value: JSON.parse(json.text) };
    } catch (error) {
      if (tried === 0)
        reason = `it is not valid JSON: ${onOneLine(String(error instanceof Error ? error.message : error))}`;
    }
    at = answer.indexOf('{', at + 1);
  }
  return { isFound: false, reason };
}

/**
 * The object that begins at a brace, up to the one that closes it; null where none does. Commas before a closing bracket
 * are left out, and line breaks within texts are written as JSON wants them.
 */
function objectAt(answer: string, begin: number): { readonly text: string } | null {
  const token = /"[^"\\]*(?:\\[\s\S][^"\\]*)*"|(?<trailing>,)(?=\s*[}\]])|[{}]|[^"{},]+|[\s\S]/g;
  token.lastIndex = begin;
  let depth = 0;
  let text = '';
  for (let found = token.exec(answer); found; found = token.exec(answer)) {
    const [part] = found;
    if (part === '{') depth += 1;
    if (part === '}') depth -= 1;
    if (found.groups?.['trailing'] === undefined) text += part.startsWith('"') ? withEscapes(part) : part;
    if (depth === 0) return { text };
  }
  return null;
}

function withEscapes(quoted: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what JSON does not take as they are
  return quoted.replaceAll(/[\u0000-\u001f]/g, (unit) => JSON.stringify(unit).slice(1, -1));
}
