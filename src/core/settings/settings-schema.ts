import { z } from 'zod';
import { encodingConfigShape } from '../encoding/encoding-settings.ts';
import { duplicateChoices } from '../frames/duplicates/duplicate-finder.ts';
import { deinterlaceModes, denoiseLevels } from '../frames/frame-filters.ts';
import { parseTargetSize, scaleLimits, targetSizeForms } from '../frames/target-size.ts';
import { parseSize } from '../hints/display-size.ts';
import { familyNames } from '../inference/families.ts';
import { controlWeightsSchema, inferenceParametersSchema } from '../inference/parameters.ts';
import {
  commandFormats,
  modelMasks,
  modelRangeForm,
  modelRangePattern,
  retoucherKinds,
} from '../retouch/retouch-settings.ts';
import { estimatorNames } from '../tokens/estimator.ts';
import {
  assertNotOurs,
  maxInt32,
  maxVariants,
  messageOrders,
  promptFormats,
} from '../upsample/request-shape.ts';
import { upscalerKinds } from '../upscale/upscale-settings.ts';

const boxText = z
  .string()
  .refine(
    (text) => text === 'auto' || parseSize(text) !== null,
    'must be "auto" or a size such as "320x180"',
  );
const seconds = z.number().min(0).max(86_400);

const dockerSchema = z.strictObject({
  num_gpu: z.int().min(0).default(1),
  cuda_devices: z.string().default('0'),
  offload_models: z.boolean().default(true),
});

/** What the server does where nothing else is said. */
const auto = z.literal('auto');

const engineSchema = z.strictObject({
  kind: z.enum(['describe', 'openai']).default('describe'),
  base_url: z
    .union([
      z.literal(''),
      z.url({ protocol: /^https?$/, error: 'must be an address that begins with http:// or https://' }),
    ])
    .default(''),
  model: z.string().max(512).default(''),
  api_key_env: z
    .string()
    .regex(/^([A-Za-z_][A-Za-z0-9_]*)?$/, 'must be the name of an environment variable, not the key itself')
    .default(''),
  concurrency: z.int().min(1).max(1024).default(8),
  max_output_tokens: z.int().min(1).max(32_768).default(300),
  temperature: z.number().min(0).max(2).default(0.6),
  top_p: z
    .union([auto, z.number().gt(0).max(1)], { error: 'must be "auto" or above 0, up to 1' })
    .default('auto'),
  top_k: z
    .union([auto, z.int().min(1)], { error: 'must be "auto" or a whole number from 1' })
    .default('auto'),
  presence_penalty: z
    .union([auto, z.number().min(-2).max(2)], { error: 'must be "auto" or a number from -2 to 2' })
    .default('auto'),
  seed: z
    .union([auto, z.int().min(0).max(maxInt32)], {
      error: `must be "auto" or a number from 0 to ${maxInt32}`,
    })
    .default('auto'),
  request_timeout_s: z.number().min(1).max(300).default(120),
  instruction: z.string().max(20_000).default('auto'),
  system_prompt: z.string().max(20_000).default(''),
  message_order: z.enum(messageOrders).default('images-first'),
  extra_body: z.record(z.string(), z.unknown()).check(assertNotOurs).default({}),
  command: z.array(z.string()).default([]),
});

const upsamplingSchema = z.strictObject({
  max_tokens: z.int().min(64).max(10_000_000).default(4096),
  safe_resolution: boxText.default('320x180'),
  frames_to_extract: z.int().min(1).max(64).default(2),
  fps_for_hints: z.number().gt(0).max(120).default(2),
  batch_size: z.int().min(1).max(100_000).default(10),
  batch_tokens: z.int().min(1).default(40_960),
  auto_resize: z.boolean().default(true),
  estimator: z.enum(estimatorNames).default('linear'),
  prompt_format: z.enum(promptFormats).default('text'),
  variants: z.int().min(1).max(maxVariants).default(1),
  output_dir: z.string().min(1).default('outputs/upsampled'),
  checkpoint_dir: z.string().min(1).default('./checkpoints'),
  docker: dockerSchema.prefault({}),
  engine: engineSchema.prefault({}),
});

const upscalingSchema = z.strictObject({
  engine: z.enum(upscalerKinds).default('lanczos'),
  model: z.string().max(4096).default(''),
  scale: z.number().min(scaleLimits.least).max(scaleLimits.most).default(2),
  size: z
    .string()
    .refine(
      (text) => text === '' || parseTargetSize(text) !== null,
      `must be a size such as ${targetSizeForms}`,
    )
    .default(''),
  deinterlace: z.enum(['off', ...deinterlaceModes]).default('off'),
  denoise: z.enum(['off', ...denoiseLevels]).default('off'),
  batch_size: z.int().min(1).max(64).default(8),
  tile: z.int().min(0).max(8192).default(256),
  workers: z
    .union([z.literal('auto'), z.int().min(1).max(64)], { error: 'must be "auto" or a number from 1 to 64' })
    .default('auto'),
  dedupe: z.enum(duplicateChoices).default('auto'),
  ...encodingConfigShape,
});

const retouchingSchema = z.strictObject({
  engine: z.enum(retoucherKinds).default('fill'),
  strength: z.number().min(1).max(1000).default(100),
  color: z
    .string()
    .regex(/^#[0-9a-f]{6}$/, 'must be a colour such as "#000000"')
    .default('#000000'),
  detect_confidence: z
    .union([auto, z.number().min(0).max(1)], { error: 'must be "auto" or a number from 0 to 1' })
    .default('auto'),
  dilate: z.int().min(0).max(1024).default(4),
  feather: z.int().min(0).max(1024).default(8),
  margin: z.int().min(0).max(4096).default(128),
  model: z.string().max(4096).default(''),
  model_mask: z.enum(modelMasks).default('auto'),
  model_range: z
    .string()
    .regex(modelRangePattern, `must be "auto" or ${modelRangeForm}, each of 0..1, 0..255 and signed`)
    .default('auto'),
  command: z.array(z.string().max(4096)).max(1000).default([]),
  command_format: z.enum(commandFormats).default('rgb24'),
  context: z.int().min(0).max(64).default(10),
  ...encodingConfigShape,
});

const pathsSchema = z.strictObject({
  map: z.record(z.string().min(1), z.string().min(1)).default({}),
});

const inferenceSchema = z.strictObject({
  family: z.enum(familyNames).default('transfer2.5'),
  image: z.string().default('cosmos-inference:0.1.0'),
  base_image: z.string().default(''),
  program_dir: z.string().max(4096).default(''),
  checkpoints_dir: z.string().max(4096).default(''),
  num_gpu: z.int().min(1).max(64).default(1),
  shm_size_gb: z.number().min(0.0625).max(4096).default(16),
  batch_size: z.int().min(1).max(1000).default(8),
  stall_timeout_s: z.number().min(1).max(86_400).default(1800),
  command: z.array(z.string()).default([]),
  videos_dir: z.string().min(1).default('outputs/videos'),
  keep_controls: z.boolean().default(false),
  parameters: inferenceParametersSchema.prefault({}),
  control_weights: controlWeightsSchema.prefault({}),
});

const retrySchema = z.strictObject({
  max_attempts: z.int().min(1).max(100).default(5),
  base_delay_s: seconds.default(0.5),
  max_delay_s: seconds.default(30),
  max_outage_s: seconds.default(300),
  max_equal_failures: z.int().min(0).max(1_000_000).default(20),
});

const cacheSchema = z.strictObject({
  max_size_gb: z.number().gt(0).default(2),
  share_between_hosts: z.boolean().default(false),
});

const hostSchema = z.strictObject({
  address: z.string().default(''),
  port: z.int().min(1).max(65_535).default(22),
  user: z.string().default(''),
  identity_file: z.string().default(''),
  known_hosts_file: z.string().default('~/.ssh/known_hosts'),
  remote_root: z.string().min(1).default('~/.cosmos'),
  docker_socket: z.string().default('/var/run/docker.sock'),
  image: z.string().default('cosmos-upsampler:0.1.0'),
  base_image: z.string().default(''),
  upscaler_image: z.string().default('cosmos-upscaler:0.1.0'),
  upscaler_base_image: z.string().default(''),
  workers: z.int().min(1).max(64).default(1),
  gpus: z
    .string()
    .regex(/^(none|all|\d{1,3}(,\d{1,3})*)$/, 'must be "none", "all" or a list such as "0,1"')
    .default('all'),
  models_dir: z.string().default(''),
  network: z.enum(['none', 'host']).default('none'),
  idle_timeout_s: z.number().min(1).max(604_800).default(1800),
});

const poolSchema = z.strictObject({
  hosts: z.array(z.string().min(1)).min(1),
  copy_after_s: seconds.default(60),
  copy_prompts: z.boolean().default(false),
});

const queueSchema = z.strictObject({
  url: z
    .string()
    .refine(isRedisUrl, 'must be an address such as redis://host:6379 or rediss://host:6379')
    .refine(
      (text) => !isRedisUrl(text) || text === '' || new URL(text).password === '',
      'must not hold the password: others can read it. Set it in the environment variable that password_env names',
    )
    .default(''),
  store: z.string().max(4096).default(''),
  prefix: z
    .string()
    .regex(/^[\w-]{1,64}$/, 'must be letters, digits, _ and -')
    .default('cosmos'),
  username: z.string().default(''),
  password_env: z
    .string()
    .regex(
      /^([A-Za-z_][A-Za-z0-9_]*)?$/,
      'must be the name of an environment variable, not the password itself',
    )
    .default('COSMOS_QUEUE_PASSWORD'),
  tls_ca_file: z.string().default(''),
  cache_size_gb: z.number().gt(0).default(50),
});

function isRedisUrl(text: string): boolean {
  return text === '' || (/^rediss?:\/\/./.test(text) && URL.canParse(text));
}

/** `config.toml`, with every default; the file in the repository says the same, and a test holds them equal. */
export const settingsSchema = z.strictObject({
  upsampling: upsamplingSchema.prefault({}),
  upscaling: upscalingSchema.prefault({}),
  retouching: retouchingSchema.prefault({}),
  paths: pathsSchema.prefault({}),
  inference: inferenceSchema.prefault({}),
  retry: retrySchema.prefault({}),
  cache: cacheSchema.prefault({}),
  hosts: z.record(z.string(), hostSchema).default({}),
  pools: z.record(z.string(), poolSchema).default({}),
  queue: queueSchema.prefault({}),
});

/** `[queue]`: where runs that any worker may join are kept. */
export type QueueSettings = z.infer<typeof queueSchema>;

/** `[hosts.NAME]`: one machine. */
export type HostSettings = z.infer<typeof hostSchema>;

/** All settings, in the words of `config.toml`: the one place where the file's snake_case is kept inside. */
export type Settings = z.infer<typeof settingsSchema>;
