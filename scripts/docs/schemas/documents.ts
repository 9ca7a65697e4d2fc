import { z } from 'zod';
import { inferenceCheckpointSchema } from '../../../src/core/inference/inference-checkpoint.ts';
import { inferenceReportSchema } from '../../../src/core/inference/inference-report.ts';
import { runSpecSchema } from '../../../src/core/inference/run-spec.ts';
import { settingsSchema } from '../../../src/core/settings/settings-schema.ts';
import { promptSpecSchema } from '../../../src/core/spec/prompt-spec.ts';
import { batchIndexEntrySchema, batchIndexHeaderSchema } from '../../../src/core/upsample/batch-index.ts';
import { importedAnswersSchema } from '../../../src/core/upsample/imported-answers.ts';
import { serverLimitsSchema } from '../../../src/core/upsample/server-limits.ts';
import { upsampleCheckpointSchema } from '../../../src/core/upsample/upsample-checkpoint.ts';
import { upsampleEventSchema } from '../../../src/core/upsample/upsample-event.ts';
import { reportSchema } from '../../../src/core/upsample/upsample-report.ts';
import { videoCheckpointSchema } from '../../../src/core/video/video-checkpoint.ts';
import { videoReportSchema } from '../../../src/core/video/video-report.ts';
import { videoSetCheckpointSchema } from '../../../src/core/video-set/set-checkpoint.ts';
import { bundleHeaderSchema } from '../../../src/protocol/bundle.ts';
import { manifestSchema } from '../../../src/protocol/manifest.ts';
import { slotStatusSchema } from '../../../src/protocol/slot.ts';
import { taskResultSchema } from '../../../src/protocol/task-result.ts';
import { workerStatusSchema } from '../../../src/protocol/worker-status.ts';
import { enrichedSpecSchema } from './enriched-spec.ts';
import { hostPrepareSchema, hostPruneSchema, hostStatusSchema } from './host-documents.ts';
import { inferenceEventSchema, inferencePlanSchema, inferenceSummarySchema } from './inference-documents.ts';
import { planDocumentSchema } from './plan-document.ts';
import { queueActionSchema, queueStatusSchema } from './queue-documents.ts';
import { logsSchema, removalSchema, runsSchema } from './run-documents.ts';
import { runSummarySchema } from './run-summary.ts';
import {
  processingPlanSchema,
  upscaleEventSchema,
  upscaleSummarySchema,
  upscaleWorkerStatusSchema,
} from './upscale-documents.ts';
import { upscalePlanSchema } from './upscale-plan-document.ts';
import {
  videoSetEventSchema,
  videoSetPlanSchema,
  videoSetReportSchema,
  videoSetSummarySchema,
} from './upscale-set-documents.ts';

/** Every versioned document, by the name of its page in `docs/formats`. */
export const documentSchemas = {
  'prompt-spec': promptSpecSchema,
  'enriched-spec': enrichedSpecSchema,
  plan: planDocumentSchema,
  summary: runSummarySchema,
  events: upsampleEventSchema,
  checkpoint: upsampleCheckpointSchema,
  report: reportSchema,
  'run-spec': runSpecSchema,
  'run-plan': inferencePlanSchema,
  'run-summary': inferenceSummarySchema,
  'run-events': inferenceEventSchema,
  'run-checkpoint': inferenceCheckpointSchema,
  'run-report': inferenceReportSchema,
  'upscale-plan': upscalePlanSchema,
  'upscale-summary': upscaleSummarySchema,
  'upscale-events': upscaleEventSchema,
  'upscale-checkpoint': videoCheckpointSchema,
  'upscale-report': videoReportSchema,
  'upscale-set-plan': videoSetPlanSchema,
  'upscale-set-summary': videoSetSummarySchema,
  'upscale-set-events': videoSetEventSchema,
  'upscale-set-checkpoint': videoSetCheckpointSchema,
  'upscale-set-report': videoSetReportSchema,
  'upscale-processing-plan': processingPlanSchema,
  'upscale-worker-status': upscaleWorkerStatusSchema,
  limits: serverLimitsSchema,
  'import-answers': importedAnswersSchema,
  'batch-index': z.union([batchIndexHeaderSchema, batchIndexEntrySchema]),
  manifest: manifestSchema,
  result: taskResultSchema,
  'worker-status': workerStatusSchema,
  'slot-status': slotStatusSchema,
  bundle: bundleHeaderSchema,
  runs: runsSchema,
  'run-removal': removalSchema,
  logs: logsSchema,
  'host-prepare': hostPrepareSchema,
  'host-status': hostStatusSchema,
  'host-prune': hostPruneSchema,
  'queue-status': queueStatusSchema,
  'queue-actions': queueActionSchema,
} as const satisfies Record<string, z.ZodType>;

/** JSON Schemas to publish, by file name. Draft 7, because that is what editors know best. */
export function jsonSchemas(): Record<string, string> {
  const schemas = { ...documentSchemas, config: settingsSchema };
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [`${name}.schema.json`, jsonSchemaOf(name, schema)]),
  );
}

/** Of what is read, not of what cosmos makes of it: unknown keys are allowed wherever cosmos allows them. */
function jsonSchemaOf(name: string, schema: z.ZodType): string {
  const document = z.toJSONSchema(schema, { target: 'draft-7', io: 'input' });
  return `${JSON.stringify({ title: name, ...document }, null, 2)}\n`;
}
