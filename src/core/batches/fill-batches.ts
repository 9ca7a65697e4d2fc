/** A task as far as batches go; `tokens` is its whole budget, output included. */
export interface TaskSize {
  readonly id: number;
  readonly tokens: number;
}

/**
 * Fills batches with tasks in their order. A batch is closed when the next task would exceed one of its bounds, so a
 * task that alone exceeds `maxTokens` gets a batch of its own.
 *
 * @param limits - Inclusive bounds of one batch, each at least 1.
 */
export function fillBatches(
  tasks: Iterable<TaskSize>,
  limits: { readonly maxTasks: number; readonly maxTokens: number },
) {
  const batches: { batchId: number; totalTokens: number; taskIds: number[] }[] = [];
  for (const { id, tokens } of tasks) {
    const open = batches.at(-1);
    if (open && open.taskIds.length < limits.maxTasks && open.totalTokens + tokens <= limits.maxTokens) {
      open.taskIds.push(id);
      open.totalTokens += tokens;
    } else {
      batches.push({ batchId: batches.length, totalTokens: tokens, taskIds: [id] });
    }
  }
  return batches;
}
