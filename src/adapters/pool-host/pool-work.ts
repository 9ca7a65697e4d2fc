import { Dealer } from '../../core/dealing/dealer.ts';
import { type DealtWork, windowOf } from '../../core/dealing/window.ts';
import { type WorkEngine, type WorkTask, workKindOf } from '../../protocol/manifest.ts';

/** A dealer for this kind of work. @param copiesPrompts - Also tasks that may cost money are done twice to be done earlier. */
export function dealerFor(engine: WorkEngine, copiesPrompts: boolean): Dealer {
  const mayCopy = copiesPrompts || workKindOf(engine) !== 'upsample';
  return new Dealer({ window: windowOf(dealtWorkOf(engine)), mayCopy });
}

/** How much work a task is: frames that are upscaled; other tasks are equal. */
export function sizeOf(task: WorkTask): number {
  return 'repeats' in task ? task.repeats.length : 1;
}

function dealtWorkOf(engine: WorkEngine): DealtWork {
  if ('family' in engine) return { kind: 'inference', batchSize: engine.batch_size };
  return 'encoding' in engine ? { kind: 'upscale' } : { kind: 'upsample', concurrency: engine.concurrency };
}
