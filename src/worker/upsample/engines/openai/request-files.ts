import { AnswerIndex } from '../../../../core/upsample/answer-index.ts';
import { AppError } from '../../../../errors/app-error.ts';
import type { Clock } from '../../../../ports/clock.ts';
import type { MediaTool } from '../../../../ports/media-tool.ts';
import type { JudgeAnswer } from '../../../../ports/model-server.ts';
import type { EngineSpec, ManifestTask } from '../../../../protocol/manifest.ts';
import { EngineError } from '../../../tasks/engine-error.ts';
import type { Engine } from '../../engine.ts';
import { UpsampleEngineSession } from '../../upsample-session.ts';
import { chatRequestBody, readChatAnswer } from './chat-completion.ts';

/** The body of a task's first request. @throws AppError `video-unreadable` for a hint without frames. */
export async function requestBodyOf(
  spec: EngineSpec,
  task: ManifestTask,
  hintPath: string | null,
  media: Pick<MediaTool, 'readJpegFrames'>,
): Promise<string> {
  const frames = hintPath === null ? [] : await media.readJpegFrames(hintPath);
  if (hintPath !== null && frames.length === 0)
    throw new AppError({ code: 'video-unreadable', message: 'The hint has no frame to show.' });
  const { prompt, seed, max_output_tokens: maxOutputTokens, duration_seconds: durationSeconds } = task;
  return chatRequestBody(spec, spec.model, { prompt, seed, maxOutputTokens, durationSeconds }, frames, 1);
}

/** Judges answers that came in files as a run judges those that it asks for, but cannot ask again. */
export function createJudge(spec: EngineSpec, clock: Clock): JudgeAnswer {
  const answers = new AnswerIndex();
  return async (task, body) => {
    const engine = answeredEngine(body, { model: spec.model, frames: task.hint?.frames ?? 0 });
    const once = { ...spec, retry: { ...spec.retry, max_attempts: 1 } };
    const tools = { clock, random01: () => 0, log: () => undefined, objectPathOf: () => '', answers };
    const outcome = await new UpsampleEngineSession(once, engine, tools).run(task);
    if (outcome.isFatal) throw outcome.error;
    return outcome.result;
  };
}

/** An engine that has one answer. */
function answeredEngine(body: string, asked: { readonly model: string; readonly frames: number }): Engine {
  return {
    start: async () => undefined,
    stop: async () => undefined,
    prepare: async () => async (_attempt, _signal, correction) => {
      if (correction === undefined) return readChatAnswer(body, asked);
      const message = `The answer is not a prompt for Cosmos 3: ${correction.fault}.`;
      throw new EngineError({ code: 'output-invalid-json', class: 'permanent', message });
    },
  };
}
