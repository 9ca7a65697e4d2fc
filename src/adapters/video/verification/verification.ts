import type { Assembly, WrittenPart } from '../assembly/write-part.ts';

/** A file that is ready to be looked at, and what it should hold. */
export interface Verification extends Assembly, WrittenPart {}
