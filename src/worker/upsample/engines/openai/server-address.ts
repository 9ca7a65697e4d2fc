import { onOneLine } from '../../../../core/printable.ts';
import { redactor } from '../../../../core/redact.ts';
import type { EngineSpec } from '../../../../protocol/manifest.ts';
import { EngineError } from '../../../tasks/engine-error.ts';

export interface ServerAddress {
  /** The URL of a path under `base_url`. */
  url(path: string): URL;
  /** The URL of a path beside `/v1`. */
  besides(path: string): URL;
  /** Where the API of such a server usually is, if not at `base_url`. */
  readonly others: readonly string[];
  /** `base_url` as it may be shown: without a password. */
  readonly shown: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly hasKey: boolean;
  /** A server's text without the key and other secrets that it was sent. */
  redact(text: string): string;
  /** A server's text as it may be shown and stored: one line, of bearable length, without the key. */
  clean(text: string): string;
}

const longestQuote = 600;

/**
 * The address that an engine spec means.
 *
 * @param environment - Where the key's variable is looked up.
 * @throws EngineError fatal, when the URL or the key is missing or unusable.
 */
export function serverAddress(
  spec: Pick<EngineSpec, 'base_url' | 'api_key_env' | 'extra_body'>,
  environment: Readonly<Record<string, string | undefined>>,
): ServerAddress {
  const base = parseBaseUrl(spec.base_url);
  const key = readKey(spec.api_key_env, environment);
  const given = [key, base.password, decodeURIComponent(base.password), ...secretsIn(spec.extra_body)];
  const redact = redactor(given.filter((text) => text.length > 3));
  // What documentation shows is often the address of one call.
  const root = base.href.replace(/\/+$/, '').replace(/\/(?:(?:chat\/)?completions|models)$/, '');
  return {
    url: (path) => new URL(`${root}${path}`),
    besides: (path) => new URL(`${root.replace(/\/v1$/, '')}${path}`),
    others: othersThan(root),
    shown: withoutPassword(root),
    headers: { accept: 'application/json', ...(key === '' ? {} : { authorization: `Bearer ${key}` }) },
    hasKey: key !== '' || base.password !== '',
    redact,
    clean: (text) => cleanText(redact(text)),
  };
}

/** What a server may quote of a request, and should not be shown: texts whose key says that they are secret. */
function secretsIn(value: unknown, isSecret = false): string[] {
  if (typeof value === 'string') return isSecret ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    secretsIn(inner, isSecret || /key|token|secret|password|credential|authorization/i.test(key)),
  );
}

/** `/v1` behind what was given, and at the server's root. */
function othersThan(root: string): string[] {
  const others = root.endsWith('/v1') ? [] : [`${root}/v1`];
  return [...new Set([...others, new URL('/v1', root).href])].filter((other) => other !== root);
}

/** A URL as it may be shown. */
export function withoutPassword(url: string): string {
  return url.replace(/^(https?:\/\/)[^/@]*@/, '$1');
}

/** The settings are wrong: no request can succeed. */
export function rejected(message: string): EngineError {
  return new EngineError({ code: 'engine-rejected', class: 'fatal', message });
}

function parseBaseUrl(text: string | null): URL {
  const url = text === null ? null : URL.parse(text.trim());
  if (url && (url.protocol === 'http:' || url.protocol === 'https:')) {
    url.search = '';
    url.hash = '';
    return url;
  }
  const problem = text
    ? `base_url ${JSON.stringify(text)} is not an http or https URL`
    : 'base_url is missing';
  throw rejected(
    `The openai engine needs a server, but ${problem}. Give one such as http://127.0.0.1:8000/v1.`,
  );
}

function readKey(name: string | null, environment: Readonly<Record<string, string | undefined>>): string {
  if (name === null || name === '') return '';
  const key = environment[name]?.trim() ?? '';
  if (key === '') {
    throw rejected(
      `The API key's variable ${name} is empty or not set where the worker runs. Set it, or clear api_key_env.`,
    );
  }
  if (!/^[\x21-\x7e]+$/.test(key)) {
    throw rejected(`The API key in ${name} has characters that an HTTP header cannot carry. Set it again.`);
  }
  return key;
}

/** @param text - Without secrets: a part of one that is cut is not found any more. */
function cleanText(text: string): string {
  // Control characters of a server's text must not reach a terminal.
  const line = onOneLine(text);
  return line.length > longestQuote ? `${line.slice(0, longestQuote)}…` : line;
}
