import {
  cosmos3FactsOf,
  cosmos3JsonSchema,
  writeCosmos3Prompt,
} from '../../src/core/inference/cosmos3-prompt.ts';
import { writeJsonAnswer } from './stand-in/write-json-answer.ts';

/** What a model writes of a prompt for Cosmos 3. */
export function sampleCosmos3Answer(caption = 'The crane turns.'): Record<string, unknown> {
  return { ...JSON.parse(writeJsonAnswer(cosmos3JsonSchema(), 'sample')), temporal_caption: caption };
}

/** A whole prompt for Cosmos 3. */
export function sampleCosmos3Prompt(fps = 24, caption?: string): string {
  return writeCosmos3Prompt(JSON.stringify(sampleCosmos3Answer(caption)), cosmos3FactsOf(null, fps).facts);
}
