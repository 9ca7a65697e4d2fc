/**
 * Where things lie on a host, relative to its root. Always with forward slashes: adapters turn them into paths
 * of their own system. Kept short, because a socket's path may not exceed about 100 bytes.
 */
export const layout = {
  object: (sha256: string) => `objects/${sha256}`,
  objects: 'objects',
  /** Uploads under way; what is whole is copied to `objects`. Containers can only read it. */
  incoming: 'incoming',
  runs: 'runs',
  slots: 'slots',
  /** What engines keep between starts, such as compiled kernels. */
  cache: 'cache',
  slotSocket: (slotId: number) => `slots/slot_${slotId}.sock`,
  /** The runs that a slot has open, for the time after it was killed. */
  slotState: (slotId: number) => `slots/slot_${slotId}.json`,
  engineLog: (slotId: number) => `slots/engine_${slotId}.log`,
  loadTimes: 'slots/load_times.json',
  run: (runId: string) => `runs/${runId}`,
  manifests: 'manifests',
  results: 'results',
  status: 'status',
  logs: 'logs',
  manifest: (workerId: number, index: number) => `manifests/worker_${workerId}_manifest_${index}.json`,
  result: (taskKey: string) => `results/${taskKey}.json`,
  /** A video that a task made: an upscaled segment, what a model made of a prompt. It is there before the result is. */
  output: (key: string) => `segments/${key}.mp4`,
  outputs: 'segments',
  workerStatus: (workerId: number) => `status/worker_${workerId}_status.json`,
  workerSocket: (workerId: number) => `worker_${workerId}.sock`,
  /** This worker of the run was stopped on request: until the run is opened again, nothing continues it. */
  stopMark: (workerId: number) => `stopped_${workerId}`,
  workerLog: (workerId: number) => `logs/worker_${workerId}.log`,
  /** What the model's server of a worker without a slot tells. */
  workerEngineLog: (workerId: number) => `logs/engine_${workerId}.log`,
  /** In a store that machines share, here and below. Tasks that one worker takes together. */
  jobs: 'jobs',
  job: (jobId: string) => `jobs/${jobId}.json`,
  checkpoint: 'checkpoint.json',
  /** The run was stopped: until it is opened again, no process works on it. */
  cancelMark: 'cancelled.json',
  /** What a machine has to make as all others do before it works on the run. */
  canary: 'canary.json',
  /** What each machine made of it. */
  canaries: 'canaries',
  canaryOf: (name: string) => `canaries/${name}.json`,
  /** What the whole run came to, when a worker has put it together. */
  final: 'final/final.json',
  finalFile: (extension: string) => `final/video${extension}`,
  machineLog: (name: string) => `logs/${name}.log`,
} as const;

/** Worker and number of a manifest's file name, or null for another file. */
export function parseManifestName(fileName: string): { workerId: number; index: number } | null {
  const match = /^worker_(\d+)_manifest_(\d+)\.json$/.exec(fileName);
  return match ? { workerId: Number(match[1]), index: Number(match[2]) } : null;
}

/** Task key of a result's file name, or null for another file. */
export function parseResultName(fileName: string): string | null {
  return /^([0-9a-f]{64})\.json$/.exec(fileName)?.[1] ?? null;
}
