/** Variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Names the variables that the settings name as keys and passwords, so that processes of processes know them too. */
export const keyVariablesName = 'COSMOS_KEY_VARIABLES';

/** With these a model's own program may fetch its weights. */
export const weightTokens: readonly string[] = ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN'];

/** How variables are called that hold keys, tokens and passwords. `PWD` is where a shell stands. */
const secretName =
  /(?:^|_)(?:API_?KEYS?|KEYS?|TOKENS?|SECRETS?|PASS(?:WORD|WD|PHRASE)?S?|CREDENTIALS?|PAT)(?:_|$)|(?:token|secret|password|passwd|passphrase|api_?key)$|_PWD$|^AWS_|^DOCKER_AUTH_CONFIG$/i;

/** An address with a password in it, as of a database. */
const addressWithPassword = /^[a-z][\w+.-]*:\/\/[^\s/@:]*:[^\s/@]+@/i;

interface ChildNeeds {
  /** Secrets that it gets all the same. */
  readonly keep?: readonly (string | null)[];
  /** It reaches the network, perhaps by a proxy that wants a password. */
  readonly hasNetwork?: boolean;
}

/**
 * The environment for another program: without the variables that the settings name as keys, without those that are called
 * like secrets, and without any that holds the value of one of them. A program that reads what others made should have
 * nothing to tell.
 */
export function environmentForChild(
  environment: Environment,
  { keep = [], hasNetwork = false }: ChildNeeds = {},
): Record<string, string | undefined> {
  const named = (environment[keyVariablesName] ?? '').split(',');
  const isSecret = (name: string, value: string) => {
    if (name === keyVariablesName) return false;
    if (named.includes(name) || secretName.test(name)) return true;
    return addressWithPassword.test(value) && !(hasNetwork && /_proxy$/i.test(name));
  };
  const entries = Object.entries(environment).filter(([, value]) => value !== undefined) as [
    string,
    string,
  ][];
  const secrets = entries.filter(([name, value]) => isSecret(name, value));
  const values = new Set(secrets.map(([, value]) => value).filter((value) => value.length >= shortestSecret));
  const kept = entries.filter(
    ([name, value]) => keep.includes(name) || (!isSecret(name, value) && !values.has(value)),
  );
  return Object.fromEntries(kept);
}

/** Many variables hold a shorter value, such as `1` or `true`. */
const shortestSecret = 8;
