import { z } from 'zod';

/** Hex SHA-256 of a content. */
export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

/** Identity of a piece of work: hex SHA-256 over prompt, hint, model and sampling. */
export const taskKeySchema = z.string().regex(/^[0-9a-f]{64}$/);

/** Name of a run; it is also a folder name on every system, so it is narrow. */
export const runIdSchema = z.string().regex(/^[a-z0-9][a-z0-9-]{2,63}$/);
