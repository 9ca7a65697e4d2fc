import { z } from 'zod';
import { shortened } from '../../core/shortened.ts';
import { AppError } from '../../errors/app-error.ts';
import type { DaemonLocation } from './docker-errors.ts';

const id = z.string().max(256);
const labelsSchema = z
  .record(z.string(), z.string())
  .nullish()
  .transform((labels) => labels ?? {});

export const versionSchema = z.object({
  Version: z.string().transform((text) => shortened(text, 100)),
  ApiVersion: z.string().max(100),
  Os: z.string().transform((text) => shortened(text, 100)),
});

export const infoSchema = z.object({
  SecurityOptions: z.array(z.string()).nullish(),
  Runtimes: z.record(z.string(), z.unknown()).nullish(),
  SystemTime: z.string().max(100).nullish(),
});

/** A container as the daemon describes it, as far as it matters here. */
export const containerSchema = z.object({
  Id: id,
  Created: z.string().max(100),
  State: z.object({
    Status: z.string().max(100),
    Running: z.boolean(),
    Restarting: z.boolean(),
    Dead: z.boolean().nullish(),
    ExitCode: z.int(),
    FinishedAt: z.string().max(100),
  }),
  Config: z.object({ Labels: labelsSchema }),
});

export const listedContainersSchema = z.array(
  z.object({
    Id: id,
    Names: z.array(z.string().max(1024)).nullish(),
    ImageID: id.nullish(),
    State: z.string().max(100).nullish(),
    Labels: labelsSchema,
  }),
);

export const imageSchema = z.object({
  Id: id,
  Config: z
    .object({ Labels: labelsSchema, Env: z.array(z.string()).nullish() })
    .nullish()
    .transform((config) => config ?? { Labels: {}, Env: [] }),
});

export const listedImagesSchema = z.array(
  z.object({
    Id: id,
    RepoTags: z.array(z.string().max(4096)).nullish(),
    Size: z.number(),
    Created: z.number(),
  }),
);

export const networksSchema = z.array(z.object({ Driver: z.string() }));

export type ContainerInspection = z.infer<typeof containerSchema>;

/** An answer as its schema wants it. @throws AppError `host-refused` for any other. */
export function answerAs<T>(schema: z.ZodType<T>, answer: unknown, what: string, daemon: DaemonLocation): T {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where =
    issue && issue.path.length > 0
      ? ` (${shortened(issue.path.join('.'), 60)}: ${shortened(issue.message, 100)})`
      : '';
  throw strangeAnswer(daemon, `what it says of ${what} cannot be understood${where}`);
}

/** @param why - Ends the sentence `… is no Docker daemon's: ` */
export function strangeAnswer(
  { hostName, socketPath }: DaemonLocation,
  why: string,
  cause?: unknown,
): AppError {
  return new AppError({
    code: 'host-refused',
    message: `${hostName}: the answer at ${socketPath} is no Docker daemon's: ${why}.`,
    nextStep: `Check with: docker version, on ${hostName}; or name its socket as docker_socket in [hosts.${hostName}].`,
    cause,
  });
}
