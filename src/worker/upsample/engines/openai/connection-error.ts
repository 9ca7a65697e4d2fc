import { EngineError } from '../../../engines/engine.ts';
import type { HttpError } from '../../../http/http-client.ts';
import type { ServerAddress } from './server-address.ts';

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
