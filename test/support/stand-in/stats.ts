import type { ChatAsk } from './chat-request.ts';

/** What the stand-in saw, for tests and benchmarks. */
export class StandInStats {
  /** Chat requests that came in, whatever became of them. */
  requests = 0;
  /** Chat requests that were answered well. */
  answered = 0;
  /** Most chat requests that were there at the same time, those that waited for a slot included. */
  maxInFlight = 0;
  inFlight = 0;
  /** Connections opened. */
  connections = 0;
  /** Time from the first request's arrival to the last answer, in milliseconds. */
  firstRequestMs: number | null = null;
  lastAnswerMs: number | null = null;
  /** How often each content was asked for, and how often it was answered well. */
  readonly asksByContent = new Map<string, number>();
  readonly answersByContent = new Map<string, number>();
  /** Every request, in order of arrival. */
  readonly asks: ChatAsk[] = [];
  /** When each of them came, by a clock that never jumps. */
  readonly arrivalsMs: number[] = [];

  enter(): void {
    this.requests += 1;
    this.inFlight += 1;
    this.maxInFlight = Math.max(this.maxInFlight, this.inFlight);
    this.firstRequestMs ??= performance.now();
  }

  leave(): void {
    this.inFlight -= 1;
  }

  asked(ask: ChatAsk): void {
    this.asks.push(ask);
    this.arrivalsMs.push(performance.now());
    count(this.asksByContent, ask.contentKey);
  }

  answeredWell(ask: ChatAsk): void {
    this.answered += 1;
    this.lastAnswerMs = performance.now();
    count(this.answersByContent, ask.contentKey);
  }

  /** The numbers alone, as the control endpoint tells them. */
  toJSON() {
    const { requests, answered, maxInFlight, connections, firstRequestMs, lastAnswerMs } = this;
    const busyMs = firstRequestMs === null || lastAnswerMs === null ? null : lastAnswerMs - firstRequestMs;
    const mostAsksOfOne = Math.max(0, ...this.asksByContent.values());
    const mostAnswersOfOne = Math.max(0, ...this.answersByContent.values());
    return {
      requests,
      answered,
      max_in_flight: maxInFlight,
      connections,
      busy_ms: busyMs,
      first_request_at_ms: firstRequestMs === null ? null : performance.timeOrigin + firstRequestMs,
      contents: this.asksByContent.size,
      most_asks_of_one: mostAsksOfOne,
      most_answers_of_one: mostAnswersOfOne,
    };
  }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
