/** How the runtime, CUDA and its libraries, and JavaScript say that memory is at its end. */
const sayings = [
  /bad_?alloc/i,
  /out of memory/i,
  /failed to allocate/i,
  /cudaErrorMemoryAllocation/,
  /CU(BLAS|DNN|FFT|SPARSE)_STATUS_ALLOC_FAILED/,
  /available memory of \d+ is smaller than requested/i,
  /array buffer allocation failed/i,
  /invalid (typed )?array (buffer )?length/i,
  /cannot create a buffer larger/i,
  /value of "size" is out of range/i,
];

/** Whether a message tells of too little memory. */
export function isOutOfMemory(message: string): boolean {
  return sayings.some((saying) => saying.test(message));
}
