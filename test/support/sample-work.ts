import { createHash } from 'node:crypto';
import type { EngineSpec, ManifestHint, ManifestTask, RetryPolicy } from '../../src/protocol/manifest.ts';

/** An engine spec for tests: the openai engine, which asks again soon. */
export function sampleEngine(
  baseUrl: string | null,
  change: Partial<Omit<EngineSpec, 'retry'>> & { retry?: Partial<RetryPolicy> } = {},
): EngineSpec {
  const retry = {
    max_attempts: 3,
    base_delay_ms: 5,
    max_delay_ms: 20,
    max_outage_ms: 60_000,
    ...change.retry,
  };
  return {
    kind: 'openai',
    model: 'stand-in',
    base_url: baseUrl,
    api_key_env: null,
    concurrency: 4,
    temperature: 0.6,
    instruction: '',
    request_timeout_ms: 60_000,
    ...change,
    retry,
  };
}

/** Tasks with different prompts. */
export function sampleTasks(count: number, hint: ManifestHint | null = null, label = 'task'): ManifestTask[] {
  return Array.from({ length: count }, (_, at) => sampleTask(`A ${label} number ${at} on a wet road`, hint));
}

/** A task with this prompt. */
export function sampleTask(prompt: string, hint: ManifestHint | null = null): ManifestTask {
  return { task_key: taskKeyOf(prompt), name: prompt, prompt, hint, max_output_tokens: 300 };
}

function taskKeyOf(prompt: string): string {
  return createHash('sha256').update(prompt).digest('hex');
}
