import { HttpClient } from '../http/http-client.ts';

/** `ok`: it can be asked. `sick`: it says that it cannot. `silent`: it says nothing. */
type Health = 'ok' | 'sick' | 'silent';

/** Looks after a server at `http://127.0.0.1:<port>`. */
export class HealthCheck {
  readonly #http = new HttpClient();
  readonly #port: number;
  readonly #timeoutMs: number;

  /** @param timeoutMs - How long one look may take. */
  constructor(port: number, timeoutMs: number) {
    this.#port = port;
    this.#timeoutMs = timeoutMs;
  }

  /** Asks once. Servers without `/health` are well when they list their models. */
  async look(signal: AbortSignal): Promise<Health> {
    const health = await this.#get('/health', signal);
    const status = health === 404 ? await this.#get('/v1/models', signal) : health;
    if (status === null) return 'silent';
    // A server that wants a key is up.
    return status === 200 || status === 401 ? 'ok' : 'sick';
  }

  close(): void {
    this.#http.close();
  }

  async #get(path: string, signal: AbortSignal): Promise<number | null> {
    const url = new URL(`http://127.0.0.1:${this.#port}${path}`);
    const call = { method: 'GET', url, headers: {}, timeoutMs: this.#timeoutMs } as const;
    try {
      return (await this.#http.call(call, signal)).status;
    } catch (error) {
      if (signal.aborted) throw error;
      return null;
    }
  }
}
