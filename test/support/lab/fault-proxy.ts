import { connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy on 127.0.0.1 that makes the troubles a network has. */
export interface FaultProxy {
  readonly port: number;
  /** Latency added each way, in milliseconds; may be changed at any time. */
  delayMs: number;
  /** How many connections were accepted so far. */
  readonly connectionCount: number;
  /** How many were refused so far. */
  readonly refusedCount: number;
  /** How many are open now. */
  readonly openCount: number;
  /** Bytes that were passed on so far, by direction. */
  readonly bytes: { readonly toServer: number; readonly toClient: number };
  /** Resets all connections. New ones are taken. */
  cut(): void;
  /** Resets all connections every `ms`; stopped by `heal`. */
  cutEvery(ms: number): void;
  /** Holds all bytes back in both directions, also of new connections; connections stay open. */
  stall(): void;
  /** The same, once the server has sent so many more bytes. */
  stallAfter(bytes: number): void;
  /** Whether all bytes are held back. */
  readonly isStalled: boolean;
  /** Drops the server's bytes without a word; the client's arrive. */
  halfOpen(): void;
  /** Refuses new connections, and resets those there are. */
  refuse(): void;
  /** Ends all trouble: held bytes go on their way, while bytes that were dropped are lost. */
  heal(): void;
  stop(): Promise<void>;
}

type Trouble = 'none' | 'stall' | 'half-open' | 'refuse';

/** Starts one in front of a port of this machine. */
export async function startFaultProxy(targetPort: number): Promise<FaultProxy> {
  const proxy = new TcpProxy(targetPort);
  await proxy.start();
  return proxy;
}

class TcpProxy implements FaultProxy {
  delayMs = 0;
  connectionCount = 0;
  refusedCount = 0;
  readonly bytes = { toServer: 0, toClient: 0 };
  readonly #targetPort: number;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #trouble: Trouble = 'none';
  #cutting: NodeJS.Timeout | null = null;
  /** How many bytes will have come from the server when everything is held back. */
  #stallsAtBytes = Number.POSITIVE_INFINITY;

  constructor(targetPort: number) {
    this.#targetPort = targetPort;
    this.#server = createServer({ noDelay: true }, (client) => this.#accept(client));
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return address.port;
  }

  get openCount(): number {
    return this.#pairs.size;
  }

  cut(): void {
    for (const pair of this.#pairs) pair.reset();
  }

  cutEvery(ms: number): void {
    this.#stopCutting();
    this.#cutting = setInterval(() => this.cut(), ms);
  }

  stall(): void {
    this.#trouble = 'stall';
  }

  stallAfter(bytes: number): void {
    this.#stallsAtBytes = this.bytes.toClient + bytes;
  }

  get isStalled(): boolean {
    return this.#trouble === 'stall';
  }

  halfOpen(): void {
    this.#trouble = 'half-open';
  }

  refuse(): void {
    this.#trouble = 'refuse';
    this.cut();
  }

  heal(): void {
    this.#trouble = 'none';
    this.#stallsAtBytes = Number.POSITIVE_INFINITY;
    this.#stopCutting();
    for (const pair of this.#pairs) pair.release();
  }

  async stop(): Promise<void> {
    this.#stopCutting();
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #stopCutting(): void {
    if (this.#cutting) clearInterval(this.#cutting);
    this.#cutting = null;
  }

  #accept(client: Socket): void {
    if (this.#trouble === 'refuse') {
      this.refusedCount++;
      client.resetAndDestroy();
      return;
    }
    this.connectionCount++;
    const server = connect({ port: this.#targetPort, host: '127.0.0.1', noDelay: true });
    const pair: Pair = new Pair(client, server, () => this.#pairs.delete(pair));
    this.#pairs.add(pair);
    const delayMs = () => this.delayMs;
    const count = (direction: 'toServer' | 'toClient', bytes: number) => {
      this.bytes[direction] += bytes;
      if (this.bytes.toClient >= this.#stallsAtBytes) this.stall();
    };
    const isHeld = () => this.isStalled;
    pair.toServer = new Lane(client, server, {
      isHeld,
      delayMs,
      isDropped: () => false,
      onPassed: (bytes) => count('toServer', bytes),
    });
    pair.toClient = new Lane(server, client, {
      isHeld,
      delayMs,
      isDropped: () => this.#trouble === 'half-open',
      onPassed: (bytes) => count('toClient', bytes),
    });
  }
}

/** The two sockets of one connection. */
class Pair {
  toServer: Lane | null = null;
  toClient: Lane | null = null;
  readonly #client: Socket;
  readonly #server: Socket;

  constructor(client: Socket, server: Socket, onClosed: () => void) {
    this.#client = client;
    this.#server = server;
    for (const socket of [client, server]) {
      socket.on('error', () => this.reset());
      socket.once('close', () => {
        this.toServer?.close();
        this.toClient?.close();
        if (client.destroyed && server.destroyed) onClosed();
      });
    }
  }

  reset(): void {
    for (const socket of [this.#client, this.#server]) resetConnection(socket);
  }

  release(): void {
    // Whoever went meanwhile said so to nobody.
    if (this.#client.destroyed || this.#server.destroyed) this.reset();
    this.toServer?.pump();
    this.toClient?.pump();
  }
}

/**
 * Resets a connection. One that is just ending is closed instead: the system refuses to reset it, and Node (24.21) then
 * forgets to close it at all, so that its process never ends.
 */
export function resetConnection(socket: Socket): void {
  if (socket.destroyed) return;
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

interface LaneRules {
  isHeld(): boolean;
  isDropped(): boolean;
  delayMs(): number;
  onPassed(bytes: number): void;
}

/** Bytes of one direction, in order, each at its time; no more than `maxHeldBytes` wait here. */
class Lane {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #rules: LaneRules;
  readonly #held: { readonly dueMs: number; readonly chunk: Buffer | null }[] = [];
  #heldBytes = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(from: Socket, to: Socket, rules: LaneRules) {
    this.#from = from;
    this.#to = to;
    this.#rules = rules;
    from.on('data', (chunk) => this.#add(chunk));
    from.on('end', () => this.#add(null));
    to.on('drain', () => this.pump());
  }

  close(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#held.length = 0;
  }

  /** Passes on what is due, as long as the other side takes it. */
  pump(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    while (!this.#rules.isHeld() && !this.#to.writableNeedDrain) {
      const next = this.#held[0];
      if (!next) break;
      const waitMs = next.dueMs - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.pump(), Math.ceil(waitMs));
        break;
      }
      this.#held.shift();
      this.#pass(next.chunk);
    }
    if (this.#heldBytes < maxHeldBytes && this.#from.isPaused()) this.#from.resume();
  }

  #add(chunk: Buffer | null): void {
    this.#held.push({ dueMs: performance.now() + this.#rules.delayMs(), chunk });
    this.#heldBytes += chunk?.length ?? 0;
    if (this.#heldBytes >= maxHeldBytes) this.#from.pause();
    this.pump();
  }

  #pass(chunk: Buffer | null): void {
    this.#heldBytes -= chunk?.length ?? 0;
    if (this.#to.destroyed || this.#rules.isDropped()) return;
    if (chunk === null) {
      this.#to.end();
      return;
    }
    this.#to.write(chunk);
    this.#rules.onPassed(chunk.length);
  }
}

const maxHeldBytes = 32 << 20;
