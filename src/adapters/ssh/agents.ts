import ssh2, {
  type BaseAgent,
  type IdentityCallback,
  type SignCallback,
  type SigningRequestOptions,
} from 'ssh2';
import { withDeadline } from '../../async/deadline.ts';
import type { PromptTracker } from './prompt-tracker.ts';

export interface AgentKey {
  readonly publicKey: Buffer;
  readonly comment: string;
  /** @throws Error when the agent refuses or does not answer in time. */
  sign(data: Buffer, hash: string | undefined): Promise<Buffer>;
}

const listTimeoutMs = 5_000;
/** A person may have to touch a token or to confirm. */
const signTimeoutMs = 60_000;

/**
 * The keys of the agent that listens on a socket.
 *
 * @throws Error when no agent answers there in time.
 */
export async function listAgentKeys(
  socketPath: string,
  prompts: PromptTracker,
): Promise<readonly AgentKey[]> {
  const agent = ssh2.createAgent(socketPath);
  const keys = await withDeadline(listTimeoutMs, 'the SSH agent gave no answer', () => identitiesOf(agent));
  return keys.flatMap((key) => {
    const parsed = ssh2.utils.parseKey(key);
    if (parsed instanceof Error) return [];
    const publicKey = parsed.getPublicSSH();
    const sign = (data: Buffer, hash: string | undefined) =>
      prompts.during(() =>
        withDeadline(signTimeoutMs, 'the SSH agent did not sign', () =>
          signWith(agent, publicKey, data, hash),
        ),
      );
    return [{ publicKey, comment: parsed.comment, sign }];
  });
}

function identitiesOf(agent: BaseAgent): Promise<readonly (string | Buffer)[]> {
  return new Promise((resolve, reject) => {
    agent.getIdentities((error, keys) => {
      if (error) reject(error);
      else resolve((keys ?? []) as readonly (string | Buffer)[]);
    });
  });
}

function signWith(
  agent: BaseAgent,
  publicKey: Buffer,
  data: Buffer,
  hash: string | undefined,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    agent.sign(publicKey, data, hash === undefined ? {} : { hash: hash as 'sha256' }, (error, signature) => {
      if (error || !signature) reject(error ?? new Error('the SSH agent gave no signature'));
      else resolve(signature);
    });
  });
}

/** Signs `data` with one key. @param hash - Such as `sha256`, for RSA; undefined where the key's type decides. */
type Sign = (data: Buffer, hash: string | undefined) => Promise<Buffer>;

/**
 * An agent, in ssh2's sense, that holds one key: ssh2 first asks the host whether it would take the key, and has it
 * sign only then. So no passphrase is asked for, and no agent disturbed, for a key that would not be taken.
 */
export class OneKeyAgent extends ssh2.BaseAgent<Buffer> {
  readonly #publicKey: () => Promise<Buffer>;
  readonly #sign: Sign;

  constructor(publicKey: () => Promise<Buffer>, sign: Sign) {
    super();
    this.#publicKey = publicKey;
    this.#sign = sign;
  }

  override getIdentities(callback: IdentityCallback<Buffer>): void {
    this.#publicKey().then(
      (key) => callback(null, [key]),
      (error: Error) => callback(error),
    );
  }

  override sign(
    _publicKey: Buffer,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    callback?: SignCallback,
  ): void {
    const done = typeof options === 'function' ? options : callback;
    const hash = typeof options === 'function' ? undefined : options.hash;
    this.#sign(data, hash).then(
      (signature) => done?.(null, signature),
      (error: Error) => done?.(error),
    );
  }
}
