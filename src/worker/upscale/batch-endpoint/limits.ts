const mebibyte = 1024 * 1024;

/** What `POST /upscale_batch` takes and gives at most. */
export const uploadLimits = {
  files: 8,
  fileBytes: 32 * mebibyte,
  totalBytes: 64 * mebibyte,
  /** What multipart adds around the files. */
  framingBytes: mebibyte / 4,
  /** Of one picture: 8K. */
  pixels: 7680 * 4320,
  /** Of one upscaled picture: 16K, or 4K four times as large. */
  upscaledPixels: 15_360 * 8640,
  /** How long a wanted picture's pixels are kept until it is its turn; others are decoded twice. */
  keptBytes: 96 * mebibyte,
  /** Requests that wait while another one is worked on. */
  waiting: 4,
  waitingMs: 20_000,
} as const;
