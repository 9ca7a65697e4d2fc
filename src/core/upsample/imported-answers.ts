import { z } from 'zod';

const count = z.int().min(0);

const importFailureSchema = z.object({
  custom_id: z.string(),
  spec: z.string().describe('As the export names it.'),
  code: z.string().describe('As in `docs/failures.md`.'),
  message: z.string(),
});

/** What `import-answers --json` prints. */
export const importedAnswersSchema = z
  .object({
    version: z.literal(1),
    run_id: z.string().describe('Of the export; enriched specs name it.'),
    output_dir: z.string(),
    counts: z.object({
      lines: count.describe('Lines of the given files that are not empty.'),
      enriched: count.describe('Specs that were written.'),
      failed: count.describe('Specs whose answers were not usable.'),
      missing: count.describe('Specs of the export without an answer in these files.'),
    }),
    enriched: z.array(z.object({ spec: z.string(), output: z.string() })),
    failures: z.array(importFailureSchema),
    unknown: z.array(z.string()).describe('Ids that the export does not have.'),
    duplicates: z
      .array(z.string())
      .describe('Ids whose spec had a good answer already; the first one counts.'),
    broken: z
      .array(z.object({ file: z.string(), line: z.int().min(1), reason: z.string() }))
      .describe('Lines that are no answers.'),
  })
  .describe('What became of the answers of a batch.');

export type ImportedAnswers = z.infer<typeof importedAnswersSchema>;
