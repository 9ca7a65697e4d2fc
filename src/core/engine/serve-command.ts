import { AppError } from '../../errors/app-error.ts';

export interface ServeOptions {
  /** As configured, one argument each; empty for vLLM's own. */
  readonly command: readonly string[];
  readonly model: string;
  /** The longest sequence, prompt and output together, in tokens. */
  readonly maxTokens: number;
  readonly frames: number;
  readonly concurrency: number;
}

/** What stands for the port; only the machine that starts the server can say which one is free. */
export const portPlaceholder = '{port}';

/**
 * Program and arguments of the server that a worker starts, `{port}` still in them. A configured command may hold
 * `{model}`, `{max_model_len}`, `{max_num_seqs}`, `{ctx_size}` (the product of those two, for servers whose slots
 * share one context) and `{frames}`; other braces stay as they are.
 *
 * @throws AppError `config-invalid` when the model's name could be taken for an option, is missing, or when the
 * command has no place for the port.
 */
export function serveCommand(options: ServeOptions): readonly string[] {
  const isOwn = options.command.length > 0;
  const template = isOwn ? options.command : vllmCommand(options.model);
  const usesModel = template.some((part) => part.includes('{model}'));
  if (usesModel) assertModel(options.model);
  if (!template.some((part) => part.includes(portPlaceholder))) {
    throw new AppError({
      code: 'config-invalid',
      message: `upsampling.engine.command has no ${portPlaceholder} in it, so its server cannot be found.`,
      nextStep: `Give the server's port as ${portPlaceholder}, such as "--port", "${portPlaceholder}".`,
    });
  }
  const values: Readonly<Record<string, string>> = {
    '{model}': options.model,
    '{max_model_len}': String(options.maxTokens),
    '{frames}': String(options.frames),
    '{max_num_seqs}': String(options.concurrency),
    '{ctx_size}': String(options.maxTokens * options.concurrency),
  };
  return template.map((part) =>
    part.replaceAll(
      /\{(?:model|max_model_len|frames|max_num_seqs|ctx_size)\}/g,
      (name) => values[name] ?? name,
    ),
  );
}

/** vLLM on loopback only, with room for what the run sends and no more. */
function vllmCommand(model: string): readonly string[] {
  const sizes = ['--max-model-len', '{max_model_len}', '--max-num-seqs', '{max_num_seqs}'];
  const images = ['--limit-mm-per-prompt', '{"image":{frames}}'];
  const tokenizer = hasMistralTokenizer(model) ? ['--tokenizer-mode', 'mistral'] : [];
  const address = ['--host', '127.0.0.1', '--port', portPlaceholder];
  return ['vllm', 'serve', '{model}', ...address, ...sizes, ...images, ...tokenizer];
}

/**
 * Mistral's own releases carry its tokenizer's file, and Pixtral's need it. Conversions to the format of Hugging
 * Face (`mistral-community`) have no such file, and vLLM would not start.
 */
function hasMistralTokenizer(model: string): boolean {
  const [owner, ...rest] = model.split('/').filter((part) => part !== '');
  if (/^mistral-community$/i.test(owner ?? '')) return false;
  return /^mistralai$/i.test(owner ?? '') || /pixtral.*-\d{4}$/i.test(rest.at(-1) ?? owner ?? '');
}

function assertModel(model: string): void {
  if (model === '') {
    throw new AppError({
      code: 'config-invalid',
      message: 'No model is set for the server that is to be started.',
      nextStep: 'Set upsampling.engine.model, such as "mistralai/Pixtral-12B-2409".',
    });
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  if (model.startsWith('-') || /[\u0000-\u001f\u007f]/.test(model)) {
    throw new AppError({
      code: 'config-invalid',
      message: `${JSON.stringify(model)} cannot be a model's name: it would be taken for an option.`,
      nextStep: 'Set upsampling.engine.model to a name such as "mistralai/Pixtral-12B-2409", or to a folder.',
    });
  }
}
