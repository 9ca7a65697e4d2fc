import { z } from 'zod';

/** Has the worker program load itself and wait for a run, which comes as one line of JSON on its standard input. */
export const spareArgument = '--spare';

/** The run that a waiting worker program is given: what it would have been started with, and the file for what it prints. */
export const spareRunSchema = z.object({ arguments: z.array(z.string()), logPath: z.string() });

export type SpareRun = z.infer<typeof spareRunSchema>;
