import { parseJson } from '../../../../core/json.ts';
import type { HttpAnswer, HttpError } from '../../../http/http-client.ts';
import { EngineError, type EngineErrorOptions } from '../../../tasks/engine-error.ts';
import type { ServerAddress } from './server-address.ts';

/** Which request was answered, so that a message can name it. */
interface AnsweredCall {
  readonly path: string;
  readonly model: string;
  readonly address: ServerAddress;
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: number;
}

/** Gateways send errors of the servers behind them inside a 200: the same answer with the status that it stands for. */
export function withOwnStatus(answer: HttpAnswer): HttpAnswer {
  if (answer.status !== 200) return answer;
  const error = errorInside(parseJson(answer.body));
  return error === undefined
    ? answer
    : { ...answer, status: statusOf(error), body: JSON.stringify({ error }) };
}

/** `error` of an answer that has nothing else, or of its first choice. */
function errorInside(body: unknown): unknown {
  if (!isRecord(body)) return undefined;
  const [choice] = Array.isArray(body['choices']) ? body['choices'] : [];
  return body['error'] || (isRecord(choice) && choice['error']) || undefined;
}

function statusOf(error: unknown): number {
  const fields = isRecord(error) ? error : {};
  for (const name of ['code', 'status', 'status_code', 'http_status']) {
    const status = Number(fields[name]);
    if (Number.isInteger(status) && status >= 400 && status <= 599) return status;
  }
  const text = JSON.stringify(error);
  return statusWordings.find(([, wording]) => wording.test(text))?.[0] ?? 500;
}

const statusWordings: readonly (readonly [number, RegExp])[] = [
  [429, /rate.?limit|too many requests|quota/i],
  [401, /authentication|invalid.api.key|unauthorized/i],
  [404, /unexpected endpoint|(?:path|route|endpoint|model)\b.{0,60}not (?:found|exist)|not_found/i],
  [400, /invalid_request|bad_request|validation/i],
];

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** What every answer but a success means: the classes of {@link EngineError} by HTTP status and wording. */
export function answerError(answer: HttpAnswer, call: AnsweredCall): EngineError {
  const said = call.address.clean(serverMessage(answer.body));
  const quote = said === '' ? `HTTP ${answer.status}` : `HTTP ${answer.status}: ${said}`;
  const waitMs = retryAfterMs(answer.retryAfter, call.nowMs);
  const retryAfter = waitMs === null ? {} : { retryAfterMs: waitMs };
  // llama.cpp has sent this one as a 500, too, so the wording goes before the status.
  if (contextWordings.some((wording) => wording.test(answer.body))) return contextExceeded(quote);
  if (visionWordings.some((wording) => wording.test(said))) {
    return takesNoImages(call.model, call.address.shown, quote);
  }
  if (answer.status === 429 || answer.status === 503) {
    const message = `The server at ${call.address.shown} asks to wait (${quote}).`;
    return new EngineError({ code: 'engine-unreachable', class: 'outage', message, ...retryAfter });
  }
  return new EngineError({ ...classify(answer, call, said, quote), ...retryAfter });
}

/** @param reason - How it is known. */
export function takesNoImages(model: string, shown: string, reason: string): EngineError {
  const message = `The model "${model}" at ${shown} takes no images (${reason}). Serve one that does, with its projector where the server wants one (llama.cpp: --mmproj).`;
  return new EngineError({ code: 'engine-rejected', class: 'fatal', message });
}

function classify(answer: HttpAnswer, call: AnsweredCall, said: string, quote: string): EngineErrorOptions {
  const { status } = answer;
  const { shown } = call.address;
  if (status === 401 || status === 403) {
    const message = call.address.hasKey
      ? `The server at ${shown} refuses the API key (${quote}). Check api_key_env in [upsampling.engine] of config.toml, and the variable it names.`
      : `The server at ${shown} needs an API key, but none is set (${quote}). Name the variable that holds it: api_key_env in [upsampling.engine] of config.toml (cosmos config init writes one).`;
    return { code: 'engine-rejected', class: 'fatal', message };
  }
  if (status === 402) {
    const message = `The account at ${shown} has no credit left (${quote}). Top it up, then resume the run.`;
    return { code: 'engine-rejected', class: 'fatal', message };
  }
  if (status === 404 || status === 405) {
    return { code: 'engine-rejected', class: 'fatal', message: notFoundMessage(call, said, quote) };
  }
  if (status >= 300 && status < 400) {
    const target = call.address.clean(answer.location ?? 'nowhere');
    const message = `${shown}${call.path} redirects to ${target}. Redirects are not followed: set --base-url (upsampling.engine.base_url) to the server itself.`;
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
    return `The server at ${call.address.shown} does not know the model "${call.model}" (${quote}). Set --model (upsampling.engine.model) to one it serves.`;
  }
  return `Nothing answers at ${call.address.shown}${call.path} (${quote}). Check --base-url (upsampling.engine.base_url): it usually ends with /v1.`;
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
  // llama.cpp, whose slots share one context.
  /context size has been exceeded/i,
  /failed to process mtmd chunk/i,
];

/** How servers say that a model, or the way it is served, takes no images. */
const visionWordings = [
  /(?:image|multi-?modal|vision)\w* (?:inputs? )?(?:is|are) not (?:supported|enabled)/i,
  /(?:does not|doesn't|not|cannot) (?:support|accept|process) (?:image|multi-?modal|vision)/i,
  /endpoints? found that support image input/i,
  /is not (?:a )?(?:multi-?modal|vision)/i,
  /at most 0 image/i,
  /\bmmproj\b/i,
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
    // A plain server waits for the end of a request line that TLS never sends.
    const next = address.shown.startsWith('https:')
      ? ' Check --base-url (upsampling.engine.base_url): http or https?'
      : '';
    return new EngineError({
      code: 'engine-timeout',
      class: 'transient',
      message: `The server at ${address.shown} gave ${said}.${next}`,
      cause: error,
    });
  }
  if (error.reason !== 'no-answer') {
    const message = `The answer of ${address.shown} did not arrive completely: ${said}.`;
    return new EngineError({ code: 'engine-failed', class: 'transient', message, cause: error });
  }
  if (isTlsProblem(error.systemCode)) {
    const message = `No secure connection to ${address.shown}: ${said}. Check --base-url (upsampling.engine.base_url: http or https?) and the certificate.`;
    return new EngineError({ code: 'engine-rejected', class: 'fatal', message, cause: error });
  }
  return new EngineError({
    code: 'engine-unreachable',
    class: 'outage',
    message: `No connection to the server at ${address.shown}: ${said}. Check --base-url (upsampling.engine.base_url) and that the server runs.`,
    cause: error,
  });
}

/** Waiting does not fix certificates and protocol versions. */
function isTlsProblem(code: string | null): boolean {
  return (
    code !== null &&
    /^(?:CERT_|ERR_TLS_|ERR_SSL_|EPROTO|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH)/.test(code)
  );
}

/**
 * Milliseconds that a `Retry-After` header asks to wait (RFC 9110, section 10.2.3: seconds or an HTTP date); null when
 * there is none or it makes no sense.
 *
 * @param nowMs - Milliseconds since the Unix epoch.
 */
export function retryAfterMs(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  const text = header.trim();
  // Fractions are no standard, but some gateways send them.
  const waitMs = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  if (Number.isNaN(waitMs)) return null;
  return Math.ceil(Math.max(waitMs, 0));
}
