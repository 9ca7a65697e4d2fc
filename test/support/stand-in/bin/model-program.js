import { main } from '../model-program.ts';

try {
  await main();
} catch (error) {
  // As Python does it: the reason comes last.
  console.error(`Traceback (most recent call last):\n  …\nRuntimeError: ${error.message}`);
  process.exitCode = 1;
}
