import { BrokenAssemblyError } from '../assembly/assembly-errors.ts';

/** A finished video that is not what it should be: it never gets its name, and is put together anew. */
export function unsound(difference: string): BrokenAssemblyError {
  return new BrokenAssemblyError(`The finished video is not what it should be: ${difference}`);
}
