import type { TestProject } from 'vitest/node';
import { type LabFacts, startLab } from '../support/lab/lab.ts';
import { missing } from '../support/lab/needs.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Null where no Docker engine can be started. */
    lab: LabFacts | null;
  }
}

/** Runs once before the first of these tests, and what it returns after the last one. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const reason = missing('dockerd', 'sshd');
  if (reason !== null) {
    process.stderr.write(`tests of remote hosts skipped: ${reason}\n`);
    project.provide('lab', null);
    return async () => undefined;
  }
  const { facts, engine } = await startLab();
  project.provide('lab', facts);
  return async () => await engine.stop();
}
