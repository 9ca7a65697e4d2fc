import { messageOf } from '../../errors/app-error.ts';
import { type AgentKey, listAgentKeys, OneKeyAgent } from './agents.ts';
import { keyFingerprint } from './known-hosts.ts';
import { type AskPassphrase, PrivateKeyFile, readPublicKey } from './private-key-file.ts';
import type { PromptTracker } from './prompt-tracker.ts';
import type { SshTarget } from './ssh-target.ts';

/** A key to offer to a host. */
export interface Identity {
  /** The file or the agent it comes from, for a person. Nothing secret. */
  readonly label: string;
  /** Distinguishes it from others, from one connection to the next. */
  readonly id: string;
  readonly agent: OneKeyAgent;
}

/** All keys that may be offered, and what kept more from being offered. */
export interface Identities {
  readonly offered: readonly Identity[];
  /** Such as why the agent could not be asked. */
  readonly remarks: readonly string[];
}

/** A key file of the target's list; `file` is null when only its public part is here. */
interface ListedKey {
  readonly path: string;
  readonly publicKey: Buffer | null;
  readonly file: PrivateKeyFile | null;
}

/** Keeps key files that were read, so that each passphrase is asked for once in the life of the process. */
export class IdentityStore {
  readonly #askPassphrase: AskPassphrase;
  readonly #prompts: PromptTracker;
  readonly #files = new Map<string, PrivateKeyFile>();

  constructor(askPassphrase: AskPassphrase, prompts: PromptTracker) {
    this.#askPassphrase = (keyFile) => prompts.during(() => askPassphrase(keyFile));
    this.#prompts = prompts;
  }

  /**
   * The keys for a target in OpenSSH's order: the agent's that the target's files name, the agent's others, then
   * those that lie only in files. The one that was chosen by name goes first, so that a full agent cannot use up
   * the tries a host allows.
   */
  async identitiesFor(target: SshTarget): Promise<Identities> {
    const listed = await Promise.all(target.identityFiles.map((path) => this.#listed(path)));
    const { keys, remarks } = await agentKeys(target.identityAgent, this.#prompts);
    const inAgent = (key: ListedKey) => keys.find((held) => key.publicKey?.equals(held.publicKey));
    const named = listed.flatMap((key) => inAgent(key) ?? []);
    const others = target.identitiesOnly ? [] : keys.filter((key) => !named.includes(key));
    const chosen = listed
      .filter((key) => key.path === target.chosenIdentityFile)
      .map((key) => inAgent(key) ?? key);
    const inFiles = listed.filter((key) => !inAgent(key));
    const ordered = new Set<AgentKey | ListedKey>([...chosen, ...named, ...others, ...inFiles]);
    return { offered: [...ordered].flatMap(toIdentity), remarks };
  }

  async #listed(path: string): Promise<ListedKey> {
    const file = this.#files.get(path) ?? (await PrivateKeyFile.read(path, this.#askPassphrase));
    if (file) this.#files.set(path, file);
    return { path, file, publicKey: file?.publicKey ?? (await readPublicKey(path)) };
  }
}

async function agentKeys(
  socketPath: string | null,
  prompts: PromptTracker,
): Promise<{ readonly keys: readonly AgentKey[]; readonly remarks: readonly string[] }> {
  if (socketPath === null) return { keys: [], remarks: ['no SSH agent is set'] };
  try {
    const keys = await listAgentKeys(socketPath, prompts);
    return { keys, remarks: keys.length === 0 ? ['the SSH agent holds no key'] : [] };
  } catch (error) {
    return { keys: [], remarks: [messageOf(error)] };
  }
}

function toIdentity(key: AgentKey | ListedKey): readonly Identity[] {
  if (!('path' in key)) {
    const label = `${key.comment || 'a key'} of the agent (${keyFingerprint(key.publicKey)})`;
    const sign = key.sign.bind(key);
    return [
      { label, id: keyFingerprint(key.publicKey), agent: new OneKeyAgent(async () => key.publicKey, sign) },
    ];
  }
  const { path, file, publicKey } = key;
  if (file === null) return [];
  const sign = async (data: Buffer, hash: string | undefined) => {
    // ssh2 returns an error here where its types promise a throw.
    const signature: unknown = (await file.unlock()).sign(data, hash);
    if (Buffer.isBuffer(signature)) return signature;
    throw signature instanceof Error ? signature : new Error('the key cannot sign');
  };
  const publicPart = async () => publicKey ?? (await file.unlock()).getPublicSSH();
  return [{ label: path, id: path, agent: new OneKeyAgent(publicPart, sign) }];
}
