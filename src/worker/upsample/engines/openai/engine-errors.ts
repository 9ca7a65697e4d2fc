import { parseJson } from '../../../../core/json.ts';
import type { HttpAnswer, HttpError } from '../../../http/http-client.ts';
import { EngineError, type EngineErrorOptions } from '../../../tasks/engine-error.ts';
import type { ServerAddress } from './server-address.ts';

/** No server is waited for longer than this when it asks for it. */
const longestWaitMs = 5 * 60_000;

/** Which request was answered, so that a message can name it. */
interface AnsweredCall {
  readonly path: string;
  readonly model: string;
  readonly address: ServerAddress;
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: number;
}

/** What every answer but a success means: the classes of {@link EngineError} by HTTP status and wording. */
export function answerError(answer: HttpAnswer, call: AnsweredCall): EngineError {
  const said = call.address.clean(serverMessage(answer.body));
  const quote = said === '' ? `HTTP ${answer.status}` : `HTTP ${answer.status}: ${said}`;
  const waitMs = retryAfterMs(answer.retryAfter, call.nowMs);
  const retryAfter = waitMs === null ? {} : { retryAfterMs: waitMs };
  // llama.cpp has sent this one as a 500, too, so the wording goes before the status.
  if (contextWordings.some((wording) => wording.test(answer.body))) return contextExceeded(quote);
  if (answer.status === 429 || answer.status === 503) {
    const message = `The server at ${call.address.shown} asks to wait (${quote}).`;
    return new EngineError({ code: 'engine-unreachable', class: 'outage', message, ...retryAfter });
  }
  return new EngineError({ ...classify(answer, call, said, quote), ...retryAfter });
}

function classify(answer: HttpAnswer, call: AnsweredCall, said: string, quote: string): EngineErrorOptions {
  const { status } = answer;
  const { shown } = call.address;
  if (status === 401 || status === 403) {
    const message = `The server at ${shown} refuses the API key (${quote}). Check api_key_env and its variable.`;
    return { code: 'engine-rejected', class: 'fatal', message };
  }
  if (status === 404 || status === 405) {
    return { code: 'engine-rejected', class: 'fatal', message: notFoundMessage(call, said, quote) };
  }
  if (status >= 300 && status < 400) {
    const target = call.address.clean(answer.location ?? 'nowhere');
    const message = `${shown}${call.path} redirects to ${target}. Redirects are not followed; set base_url to the server itself.`;
    return { code: 'engine-rejected', class: 'fatal', message };
  }
  if (status === 408 || status === 409 || status === 425 || status >= 500 || status < 300) {
    return { code: 'engine-failed', class: 'transient', message: `The server failed (${quote}).` };
  }
  return {
    code: 'request-rejected',
    class: 'permanent',
    message: `The server refuses the request (${quote}).`,
  };
}

function notFoundMessage(call: AnsweredCall, said: string, quote: string): string {
  if (/model/i.test(said)) {
    return `The server at ${call.address.shown} does not know the model "${call.model}" (${quote}). Set model to one it serves.`;
  }
  return `Nothing answers at ${call.address.shown}${call.path} (${quote}). Check base_url: it usually ends with /v1.`;
}

/** The server's own sentence: `error.message`, `message`, `detail` or `error` of a JSON body, else the body. */
function serverMessage(body: string): string {
  const parsed = parseJson(body);
  if (parsed === undefined && looksLikeHtml(body)) return '';
  return findMessage(parsed) ?? body;
}

function findMessage(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return null;
  const fields: Record<string, unknown> = { ...value };
  for (const name of ['error', 'message', 'detail']) {
    const found = findMessage(fields[name]);
    if (found !== null) return found;
  }
  return null;
}

function looksLikeHtml(body: string): boolean {
  return /^\s*<(?:!doctype|html|head|body)/i.test(body);
}

/** How servers say that prompt, frames and output do not fit; checked against vLLM, SGLang, llama.cpp and others. */
const contextWordings = [
  /maximum (?:model|context) length/i,
  /longer than the model's context length/i,
  /model's (?:maximum )?context length/i,
  /exceeds? the (?:available |model's )?(?:maximum )?context (?:size|length|window)/i,
  /input length exceeds (?:the )?context length/i,
  /exceed context window/i,
  /(?:exceed_context_size_error|context_length_exceeded|ContextWindowExceededError)/,
  /tokens\D{1,40}max_(?:new|total)_tokens\D{1,40}must be <=/i,
];

function contextExceeded(quote: string): EngineError {
  return new EngineError({
    code: 'context-exceeded',
    class: 'permanent',
    message: `Prompt, frames and output together exceed the model's context (${quote}).`,
  });
}

/** What it means that no whole answer came. */
export function connectionError(error: HttpError, address: ServerAddress): EngineError {
  const said = address.clean(error.message);
  if (error.reason === 'timeout') {
    return new EngineError({
      code: 'engine-timeout',
      class: 'transient',
      message: `The server at ${address.shown} gave ${said}.`,
      cause: error,
    });
  }
  if (error.reason !== 'no-answer') {
    const message = `The answer of ${address.shown} did not arrive whole: ${said}.`;
    return new EngineError({ code: 'engine-failed', class: 'transient', message, cause: error });
  }
  if (isTlsProblem(error.systemCode)) {
    const message = `No secure connection to ${address.shown}: ${said}. Check base_url (http or https?) and the certificate.`;
    return new EngineError({ code: 'engine-rejected', class: 'fatal', message, cause: error });
  }
  return new EngineError({
    code: 'engine-unreachable',
    class: 'outage',
    message: `No connection to the server at ${address.shown}: ${said}. Check base_url and that the server runs.`,
    cause: error,
  });
}

/** Certificates and protocol versions do not mend by waiting. */
function isTlsProblem(code: string | null): boolean {
  return (
    code !== null &&
    /^(?:CERT_|ERR_TLS_|ERR_SSL_|EPROTO|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH)/.test(code)
  );
}

/**
 * Milliseconds that a `Retry-After` header asks to wait (RFC 9110, section 10.2.3: seconds or an HTTP date), at
 * most five minutes; null when there is none or it makes no sense.
 *
 * @param nowMs - Milliseconds since the Unix epoch.
 */
export function retryAfterMs(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  const text = header.trim();
  // Fractions are no standard, but some gateways send them.
  const waitMs = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  if (Number.isNaN(waitMs)) return null;
  return Math.ceil(Math.min(Math.max(waitMs, 0), longestWaitMs));
}
